import type { ErrorCode } from '../errors.ts';
import type { ChunkId, DocumentId, GenerationId, VersionId } from './ids.ts';
import type { Sketch } from './sketch.ts';

/** A half-open range `[start, end)` in UTF-16 code units of a version's text: `text.slice(start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type MetadataScalar = string | number | boolean;
/** Flat, filterable facts about a document. An array matches a filter when one of its members does. */
export type Metadata = Readonly<Record<string, MetadataScalar | readonly MetadataScalar[]>>;

export type BlockKind = 'heading' | 'paragraph' | 'list_item' | 'quote' | 'code' | 'table';

/** A structural piece of a parsed document. Blocks are in reading order and do not overlap. */
export interface Block extends Span {
  readonly kind: BlockKind;
  /** 1 (outermost) to 6, for headings; 0 for every other kind. */
  readonly level: number;
  /** Page in the original, from 1, where the format has pages. */
  readonly page?: number;
  /**
   * Name of the section that a heading opens, where the text itself does not hold it as a line: such a heading is
   * empty (`start === end`). An empty name goes back to the section above.
   */
  readonly label?: string;
}

export const FORMATS = [
  'markdown',
  'mdx',
  'text',
  'html',
  'rst',
  'asciidoc',
  'json',
  'jsonl',
  'yaml',
  'csv',
  'code',
  'notebook',
  'subtitles',
  'email',
  'mbox',
  'zip',
  'tar',
  'gzip',
  'pdf',
  'docx',
  'pptx',
  'xlsx',
  'opendocument',
  'epub',
  'rtf',
  'tika',
] as const;
export type Format = (typeof FORMATS)[number];

/** What a parser makes of one document: plain text that quotes are cut from, and its structure. */
export interface ParsedDocument {
  /** Names the document within its source item (a record of a JSONL file), or null when it is the whole item. */
  readonly recordKey: string | null;
  /** The document's own title, or null when it has none. */
  readonly title: string | null;
  readonly uri: string | null;
  /** Normalised: NFC is not applied, line ends are `\n`, no NUL, no lone surrogates; inline markup removed. */
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly metadata: Metadata;
  /** ISO 639-1 code that the document itself states, or null. */
  readonly language: string | null;
}

/**
 * A document has exactly one. `ready` = committed, and the serving index was seen to find it. `deleted` is what the
 * list of changes calls a document that is gone; a document that can be asked for never has it.
 */
export const DOCUMENT_STATES = [
  'queued',
  'fetching',
  'parsing',
  'splitting',
  'embedding',
  'indexing',
  'ready',
  'failed',
  'skipped',
  'deleted',
] as const;
export type DocumentState = (typeof DOCUMENT_STATES)[number];

/** Why a document is `failed` or `skipped`. */
export interface DocumentProblem {
  readonly code: ErrorCode;
  /** For a person: names the place and the value. */
  readonly reason: string;
}

/** The state of a document with this problem: what nobody can read was left out on purpose. */
export function problemState(code: ErrorCode): 'failed' | 'skipped' {
  return code === 'document_unsupported' || code === 'document_link_skipped' ? 'skipped' : 'failed';
}

export const DOCUMENT_ORIGINS = ['folder', 'api', 'url', 'site', 'git'] as const;
/** `folder`, `site` and `git` are synced as a whole; `url` and `api` are single documents. */
export type DocumentOrigin = (typeof DOCUMENT_ORIGINS)[number];

/** A document as lists show it. */
export interface DocumentRecord {
  readonly id: DocumentId;
  /** Path, record or given id that names the document in its source; unique in the collection. */
  readonly sourceKey: string;
  /** How it came in. A folder sync owns the `folder` documents below its root and deletes those that are gone. */
  readonly origin: DocumentOrigin;
  /** The file or upload that holds it: `sourceKey` without the record. One item may hold many documents. */
  readonly item: string;
  /** The searchable version, or null while there is none. A failed update keeps the last good one. */
  readonly version: VersionId | null;
  /** Of the task that is queued or being worked on for its item; without one, how the last one ended. */
  readonly state: DocumentState;
  /** When it came into this state. */
  readonly stateSince: string;
  /** How often it was begun to be taken in, for this version. */
  readonly tries: number;
  /** Why it is `failed` or `skipped`; why it is `queued` again. */
  readonly problem: DocumentProblem | null;
  readonly title: string;
  readonly uri: string | null;
  readonly format: Format | null;
  readonly language: string | null;
  readonly metadata: Metadata;
  /** SHA-256 of the original bytes (of the whole source item), or null when they could not be read. */
  readonly contentHash: string | null;
  readonly sizeBytes: number;
  readonly chunkCount: number;
  /** Catalog sequence number of the last change: larger is later. */
  readonly sequence: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A passage of a version: the unit of recall and of citation. */
export interface Chunk extends Span {
  readonly ordinal: number;
  /** Headings above the passage, outermost first; indexed, never quoted. */
  readonly headingPath: readonly string[];
  readonly page: number | null;
  /** Line of the original that it begins in, from 1; left out where lines mean nothing. */
  readonly line?: number;
}

/** A chunk with what a result shows of its document. */
export interface HydratedChunk extends Chunk {
  readonly id: ChunkId;
  readonly documentId: DocumentId;
  readonly version: VersionId;
  readonly title: string;
  readonly uri: string | null;
  readonly language: string | null;
  readonly text: string;
}

/** One embedding in int8: `value[i] ~ quantised[i] * scale`, unit length, or all zero when there is none. */
export interface QuantisedVector {
  readonly scale: number;
  readonly values: Int8Array;
}

/** A version ready to be committed and indexed. */
export interface PreparedVersion {
  readonly id: VersionId;
  readonly generation: GenerationId;
  readonly text: string;
  /** What the text was split by; with it the text can be split anew without its original. */
  readonly blocks: readonly Block[];
  readonly chunks: readonly Chunk[];
  /** One per chunk, same order. */
  readonly vectors: readonly QuantisedVector[];
  /** What near duplicates are found by; null for a text without words. */
  readonly sketch: Sketch | null;
}
