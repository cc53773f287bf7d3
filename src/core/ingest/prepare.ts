import { sha256Hex } from '../../lib/hash.ts';
import type {
  Block,
  Chunk,
  DocumentProblem,
  Format,
  Metadata,
  ParsedDocument,
  PreparedVersion,
  QuantisedVector,
} from '../documents/document.ts';
import { documentId, versionId, type DocumentId, type GenerationId, type Scope } from '../documents/ids.ts';
import type { FileInput, ParseResult } from '../documents/parser.ts';
import { joinKeys } from '../documents/record-key.ts';
import { sketchOf } from '../documents/sketch.ts';
import { hasLines, withLines } from '../documents/lines.ts';
import { HoldfastError, toHoldfastError } from '../errors.ts';
import type { Extraction } from './extractor.ts';
import type { TaskInput } from './job.ts';
import { passageText } from './passage-text.ts';
import { splitDocument } from './split.ts';
import { visibleDocument } from './visible-document.ts';

/** One source item: a file or an upload. Plain data, so that it can go to a worker thread. */
export interface PrepareInput extends TaskInput {
  readonly scope: Scope;
  /** Key of the item in its collection. */
  readonly item: string;
  readonly bytes: Uint8Array;
  /** Of the collection: ISO 639-1, or `auto`. */
  readonly language: string;
  readonly generation: GenerationId;
  readonly chunkTokens: number;
  /** False: chunks get no vectors. Left out: they do. */
  readonly isEmbedded?: boolean;
  /** What an extractor made of the bytes; left out: they are parsed themselves. */
  readonly extraction?: Extraction;
}

/** A document of an item, ready to be committed. */
export interface PreparedDocument {
  readonly recordKey: string | null;
  readonly title: string;
  readonly uri: string | null;
  readonly language: string;
  readonly metadata: Metadata;
  readonly version: PreparedVersion;
}

export interface PreparedItem {
  readonly format: Format | null;
  /** SHA-256 of the bytes. */
  readonly contentHash: string;
  readonly documents: readonly PreparedDocument[];
  /** Records that failed alone; `recordKey` null: the whole item failed. */
  readonly problems: readonly (DocumentProblem & { readonly recordKey: string | null })[];
}

/** Prepares an item, elsewhere if need be. Never rejects for what the bytes hold. */
export type Prepare = (
  input: PrepareInput,
  signal: AbortSignal,
  /** Told of the steps after the parsing as they begin, for one document after another. */
  onStep?: OnPrepareStep,
) => Promise<PreparedItem>;

/** What follows the parsing. */
export type PrepareStep = 'split' | 'embed';
export type OnPrepareStep = (step: PrepareStep) => void;

export interface PrepareTools {
  formatOf(name: string, bytes: Uint8Array, mediaType?: string): Format | null;
  /** @throws HoldfastError as `FileParser.parseFile`. */
  parse(format: Format, input: FileInput): Promise<ParseResult>;
  /** ISO 639-1, or null when it is not sure. */
  detectLanguage(text: string): string | null;
  /** Null: no vector for this language. */
  embed(text: string, language: string): QuantisedVector | null;
  readonly dimensions: number;
}

const DEFAULT_LANGUAGE = 'en';

/** bytes -> documents -> chunks -> vectors. Never rejects for what the bytes hold. */
export async function prepareItem(
  input: PrepareInput,
  tools: PrepareTools,
  onStep: OnPrepareStep = () => undefined,
): Promise<PreparedItem> {
  const contentHash = sha256Hex(input.bytes);
  // A text that is sent without a name must not be called "" in messages.
  const name = input.name || (input.title ?? 'the text');
  let format: Format | null = null;
  try {
    if (input.bytes.length === 0) throw new HoldfastError('document_empty', `${name} has 0 bytes`);
    format =
      input.extraction?.format ??
      input.format ??
      tools.formatOf(input.name, input.bytes, input.mediaType ?? undefined);
    if (format === null)
      throw new HoldfastError('document_unsupported', `${name} has no format that can be read`);
    const bytes = input.extraction?.bytes ?? input.bytes;
    const { documents, problems } = await parseVisible(format, { bytes, name }, tools);
    const preparation = { input, format, contentHash, tools, onStep };
    return {
      format,
      contentHash,
      documents: documents.map((document) => prepareDocument(document, preparation)),
      problems,
    };
  } catch (error) {
    const { code, message } = toHoldfastError(error);
    const known = code === 'internal_error' ? 'document_malformed' : code;
    return {
      format,
      contentHash,
      documents: [],
      problems: [{ recordKey: null, code: known, reason: message }],
    };
  }
}

/** Nothing holds what was parsed itself once this is done: its texts may be large. */
async function parseVisible(
  format: Format,
  input: FileInput,
  tools: Pick<PrepareTools, 'parse'>,
): Promise<ParseResult> {
  const { documents, problems } = await tools.parse(format, input);
  return { documents: documents.map(visibleDocument), problems };
}

interface Preparation {
  readonly input: PrepareInput;
  readonly format: Format | null;
  readonly contentHash: string;
  readonly tools: PrepareTools;
  readonly onStep: OnPrepareStep;
}

function prepareDocument(
  parsed: ParsedDocument,
  { input, format, contentHash, tools, onStep }: Preparation,
): PreparedDocument {
  const title = input.title ?? parsed.title ?? titleFromName(input.name, parsed.recordKey);
  const uri = input.uri ?? parsed.uri ?? input.fallbackUri;
  const metadata = { ...parsed.metadata, ...input.metadata };
  const language = languageOf(parsed, input, tools);
  const { text, blocks, recordKey } = parsed;
  const version = prepareVersion(
    {
      document: documentId(input.scope, joinKeys(input.item, recordKey)),
      contentHash: recordKey === null ? contentHash : sha256Hex(text),
      generation: input.generation,
      chunkTokens: input.chunkTokens,
      isEmbedded: input.isEmbedded ?? true,
      format: recordKey === null ? format : null,
      text,
      blocks,
      title,
      uri,
      language,
      metadata,
    },
    tools,
    onStep,
  );
  return { recordKey, title, uri, language, metadata, version };
}

/** A text with its structure, and how to make a version of it. */
export interface VersionSource {
  readonly document: DocumentId;
  /** Of what the text was made from. */
  readonly contentHash: string;
  readonly generation: GenerationId;
  readonly chunkTokens: number;
  /** False: chunks get no vectors. */
  readonly isEmbedded: boolean;
  /** Of a text that is a whole item; null for a part of one. */
  readonly format: Format | null;
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly title: string;
  readonly uri: string | null;
  readonly language: string;
  readonly metadata: Metadata;
}

/** text -> chunks -> vectors. */
export function prepareVersion(
  source: VersionSource,
  tools: Pick<PrepareTools, 'embed' | 'dimensions'>,
  onStep: OnPrepareStep = () => undefined,
): PreparedVersion {
  const { document, contentHash, generation, chunkTokens, text, blocks, title, uri, language } = source;
  onStep('split');
  const sizes = { targetTokens: chunkTokens, maxTokens: 2 * chunkTokens };
  const split = splitDocument({ text, blocks }, sizes);
  const chunks = hasLines(source.format) ? withLines(text, split) : split;
  onStep('embed');
  const vectors = source.isEmbedded
    ? embedChunks(text, chunks, { title, language, tools })
    : withoutVectors(chunks, tools);
  const metadata = Object.entries(source.metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  const attributes = JSON.stringify([title, uri, language, metadata]);
  const id = versionId({ document, generation, contentHash, attributes });
  return { id, generation, text, blocks, chunks, vectors, sketch: sketchOf(text) };
}

function titleFromName(name: string, recordKey: string | null): string {
  if (recordKey !== null) return recordKey;
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  return base.replace(/\.[a-z0-9]{1,8}$/i, '') || base;
}

const DETECTION_CHARS = 2000;

function languageOf(parsed: ParsedDocument, input: PrepareInput, tools: PrepareTools): string {
  const { language, givenLanguage = null } = input;
  if (givenLanguage !== null) return givenLanguage;
  if (language !== 'auto') return language;
  return parsed.language ?? languageOfText(parsed.text, tools);
}

/** What its beginning looks like; English when that is not sure. ISO 639-1. */
export function languageOfText(
  text: string,
  { detectLanguage }: Pick<PrepareTools, 'detectLanguage'>,
): string {
  return detectLanguage(text.slice(0, DETECTION_CHARS)) ?? DEFAULT_LANGUAGE;
}

interface EmbeddingContext {
  readonly title: string;
  readonly language: string;
  readonly tools: Pick<PrepareTools, 'embed' | 'dimensions'>;
}

/** All in one buffer: one of its own for each takes more memory than the vectors. */
function embedChunks(
  text: string,
  chunks: readonly Chunk[],
  { title, language, tools }: EmbeddingContext,
): QuantisedVector[] {
  const { dimensions } = tools;
  const all = new Int8Array(chunks.length * dimensions);
  return chunks.map(({ headingPath, start, end }, at) => {
    const vector = tools.embed(passageText(title, headingPath, text.slice(start, end)), language);
    const values = all.subarray(at * dimensions, (at + 1) * dimensions);
    if (vector !== null) values.set(vector.values);
    return { scale: vector?.scale ?? 0, values };
  });
}

function withoutVectors(
  chunks: readonly Chunk[],
  { dimensions }: Pick<PrepareTools, 'dimensions'>,
): QuantisedVector[] {
  const none = { scale: 0, values: new Int8Array(dimensions) };
  return chunks.map(() => none);
}
