import type { Format } from '../../core/documents/document.ts';
import type { FileInput, FileParser, Parser, ParseResult } from '../../core/documents/parser.ts';
import { HoldfastError } from '../../core/errors.ts';
import { extensionOf, textKindOf } from './code-files.ts';
import { asciidocParser } from './asciidoc.ts';
import { codeParser } from './code.ts';
import type { ChildInput } from './children.ts';
import { csvParser } from './csv.ts';
import { decodeText } from './decode.ts';
import { emailParser } from './email.ts';
import { gzipParser } from './gzip.ts';
import { htmlParser } from './html.ts';
import { jsonParser } from './json.ts';
import { jsonlParser } from './jsonl.ts';
import { markdownParser } from './markdown.ts';
import { mboxParser } from './mbox.ts';
import { mdxParser } from './mdx.ts';
import { notebookParser } from './notebook.ts';
import { docxParser } from './office/docx.ts';
import { epubParser } from './office/epub.ts';
import { openDocumentParser } from './office/opendocument.ts';
import { pptxParser } from './office/pptx.ts';
import { rtfParser } from './office/rtf.ts';
import { xlsxParser } from './office/xlsx.ts';
import { pdfParser } from './pdf/pdf.ts';
import { rstParser } from './rst.ts';
import { binaryFormat, PACKED, packedFormat, textualFormat } from './sniff.ts';
import { subtitlesParser } from './subtitles.ts';
import { tarParser } from './tar.ts';
import { textParser } from './text.ts';
import { tikaParser } from './tika.ts';
import { yamlParser } from './yaml.ts';
import { zipParser } from './zip.ts';

/** The one table of parsers: a new format is one file and one line here. */
const PARSERS: readonly (Parser | FileParser)[] = [
  markdownParser,
  mdxParser,
  textParser,
  htmlParser,
  rstParser,
  asciidocParser,
  jsonParser,
  jsonlParser,
  yamlParser,
  csvParser,
  codeParser,
  notebookParser,
  subtitlesParser,
  emailParser(parseChild),
  mboxParser(parseChild),
  zipParser(parseChild),
  tarParser(parseChild),
  gzipParser(parseChild),
  pdfParser,
  docxParser,
  pptxParser,
  xlsxParser,
  openDocumentParser,
  epubParser,
  rtfParser,
  tikaParser,
];

/** Text by its bytes, but not to be read as such. */
const NOT_DOCUMENTS = new Set(['svg', 'eps', 'ps', 'map', 'obj', 'stl', 'dxf', 'pem', 'crt', 'key']);

const byFormat = new Map<Format, Parser | FileParser>(PARSERS.map((parser) => [parser.format, parser]));
const byExtension = new Map(
  PARSERS.flatMap((parser) => parser.extensions.map((key) => [key, parser.format] as const)),
);
const byMediaType = new Map(
  PARSERS.flatMap((parser) => parser.mediaTypes.map((key) => [key, parser.format] as const)),
);

/** Reads a file as the format says. @throws HoldfastError as `FileParser.parseFile`, `document_unsupported`. */
export async function parseFile(format: Format, input: FileInput): Promise<ParseResult> {
  const parser = byFormat.get(format);
  if (parser === undefined)
    throw new HoldfastError('document_unsupported', `${input.name}: there is no parser for ${format}`);
  if ('parseFile' in parser) return parser.parseFile(input);
  return parser.parse({ text: decodeText(input.bytes, input.name), name: input.name });
}

const HEAD_BYTES = 4096;

/** Reads a file that stands in another one, by its own format. */
async function parseChild({ mediaType, ...input }: ChildInput): Promise<ParseResult> {
  const { bytes, name } = input;
  if (bytes.length === 0) throw new HoldfastError('document_empty', `${name} has 0 bytes`);
  const format = formatOf(name, bytes, mediaType);
  if (format === null)
    throw new HoldfastError('document_unsupported', `${name} has no format that can be read`);
  return parseFile(format, input);
}

/**
 * The format of a file by its bytes, its extension and its media type; null when it is none that can be parsed.
 * PDF, Office files and archives are what their bytes say, whatever they are called. Of all else a known extension
 * wins: servers often send text/plain for everything.
 */
export function formatOf(name: string, bytes?: Uint8Array, mediaType?: string): Format | null {
  const extension = extensionOf(name);
  const named = byExtension.get(extension) ?? (textKindOf(name) === null ? null : 'text');
  if (bytes === undefined) return named ?? (NOT_DOCUMENTS.has(extension) ? null : typeOf(mediaType));
  const binary = binaryFormat(bytes);
  if (binary !== null) return binary;
  const head = bytes.subarray(0, HEAD_BYTES);
  const packed = packedFormat(head);
  if (packed !== null) return packed;
  if (named !== null && !PACKED.has(named)) return named;
  if (NOT_DOCUMENTS.has(extension)) return null;
  const typed = typeOf(mediaType);
  return typed === null || typed === 'text' || PACKED.has(typed) ? textualFormat(head) : typed;
}

function typeOf(mediaType: string | undefined): Format | null {
  const essence = mediaType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return byMediaType.get(essence) ?? (essence.startsWith('text/') ? 'text' : null);
}
