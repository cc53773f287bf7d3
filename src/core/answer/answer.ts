import type { Message } from '../models/generator.ts';
import type { Span } from '../documents/document.ts';
import type { Lines } from '../documents/lines.ts';
import type { ChunkId, CollectionName, DocumentId, VersionId } from '../documents/ids.ts';
import type { Degradation, SearchRequest, SearchResponse } from '../retrieval/search.ts';

/** Points at the exact place of a quote: `versionText.slice(start, end) === quote`. */
export interface Citation extends Span {
  /** The number in brackets in the answer's text, from 1. */
  readonly marker: number;
  readonly collection: CollectionName;
  readonly chunkId: ChunkId;
  readonly documentId: DocumentId;
  readonly documentVersion: VersionId;
  readonly title: string;
  readonly uri: string | null;
  readonly headingPath: readonly string[];
  readonly page: number | null;
  /** Of the quote. Left out where lines mean nothing. */
  readonly lines?: Lines;
  readonly quote: string;
}

export type RefusalReason =
  /** The search found nothing at all. */
  | 'no_results'
  /** The closest passages do not answer the question. */
  | 'not_answered'
  /** No collection holds a document yet. */
  | 'no_documents';

export interface Answer {
  /** Quotes with their markers `[n]`; for a refusal one sentence that says so. */
  readonly text: string;
  readonly mode: 'generated' | 'extractive' | 'none';
  readonly refused: boolean;
  /** Null unless refused. */
  readonly reason: RefusalReason | null;
  /** Sentences of a generated answer, as ranges of `text`, that no cited passage supports; left out when there are none. */
  readonly unsupported?: readonly Span[];
}

export interface AskRequest extends SearchRequest {
  /** Upper bound of the answer's length without markers, in characters: 50 to 4,000, default 400. */
  readonly maxAnswerChars: number;
  /** The conversation before the question, oldest first; a follow-up question is made to stand alone with it. */
  readonly history?: readonly Message[];
}

export interface AskResponse extends SearchResponse {
  readonly answer: Answer;
  readonly citations: readonly Citation[];
  readonly cache: 'hit' | 'miss' | 'off';
  /** Age of an answer that stands in for one that cannot be had now; left out otherwise. */
  readonly stalenessSeconds?: number;
}

/** What a streamed answer sends, in this order; `final` equals the answer that is not streamed. */
export type AnswerEvent =
  | { readonly type: 'retrieval'; readonly data: SearchResponse }
  | { readonly type: 'delta'; readonly data: { readonly text: string } }
  | { readonly type: 'citation'; readonly data: Citation }
  | { readonly type: 'degraded'; readonly data: Degradation }
  | { readonly type: 'final'; readonly data: AskResponse };

/** @throws HoldfastError `collection_not_found`, `deadline_exceeded`. */
export type Ask = (request: AskRequest, signal: AbortSignal) => Promise<AskResponse>;
export type AskStream = (request: AskRequest, signal: AbortSignal) => AsyncIterable<AnswerEvent>;
