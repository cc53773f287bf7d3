import type { Format } from '../../core/documents/document.ts';
import type { FileInput, FileParser, Parser, ParseResult } from '../../core/documents/parser.ts';
import { HoldfastError } from '../../core/errors.ts';
import { extensionOf, textKindOf } from './code-files.ts';
import { asciidocParser } from './asciidoc.ts';
import { codeParser, interpreterOf } from './code.ts';
import { csvParser } from './csv.ts';
import { decodeText, looksTextual } from './decode.ts';
import { htmlParser } from './html.ts';
import { jsonParser } from './json.ts';
import { jsonlParser } from './jsonl.ts';
import { markdownParser } from './markdown.ts';
import { mdxParser } from './mdx.ts';
import { notebookParser } from './notebook.ts';
import { rstParser } from './rst.ts';
import { subtitlesParser } from './subtitles.ts';
import { textParser } from './text.ts';
import { yamlParser } from './yaml.ts';

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
];

/** Text by its bytes, but not to be read as such. */
const NOT_DOCUMENTS = new Set(['svg', 'eps', 'ps', 'rtf', 'map', 'obj', 'stl', 'dxf', 'pem', 'crt', 'key']);

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

/**
 * The format of a file by its extension, its media type, and a look at its first bytes; null when it is
 * none that can be parsed. A known extension wins: servers often send text/plain for everything.
 */
export function formatOf(name: string, head?: Uint8Array, mediaType?: string): Format | null {
  const named = byExtension.get(extensionOf(name)) ?? (textKindOf(name) === null ? null : 'text');
  if (named !== null) return named;
  if (NOT_DOCUMENTS.has(extensionOf(name))) return null;
  const essence = mediaType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const typed = byMediaType.get(essence);
  if (typed !== undefined && typed !== 'text') return typed;
  if (head !== undefined) return sniff(head);
  return typed ?? (essence.startsWith('text/') ? 'text' : null);
}

function sniff(head: Uint8Array): Format | null {
  if (head.length === 0 || !looksTextual(head)) return null;
  const start = new TextDecoder('latin1').decode(head.subarray(0, 512)).replaceAll('\0', '');
  if (interpreterOf(start) !== null) return 'code';
  if (/^(?:ï»¿|ÿþ|þÿ)?WEBVTT\b/.test(start)) return 'subtitles';
  return /^[^<]{0,16}\s*(?:<!--[^]*?-->\s*)*<(?:!doctype html|html)\b/i.test(start) ? 'html' : 'text';
}
