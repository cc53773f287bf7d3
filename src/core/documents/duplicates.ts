import type { Page, PageRequest } from './catalog.ts';
import type { DocumentRecord } from './document.ts';
import type { Scope } from './ids.ts';

/** A document of a group and how much it resembles the first one: 0.8 to 1, estimated. */
export interface DuplicateMember {
  readonly record: DocumentRecord;
  readonly similarity: number;
}

/** Documents with nearly the same text. */
export interface DuplicateGroup {
  /** How many documents belong to it; at least 2. */
  readonly size: number;
  /** The one whose text was stored first, then the most similar ones, up to 100 in all. */
  readonly members: readonly DuplicateMember[];
}

export interface DuplicateReport extends Page<DuplicateGroup> {
  /** Searchable documents with words that were compared. */
  readonly compared: number;
  /** False: the collection has more documents than are compared. */
  readonly isComplete: boolean;
}

/** @throws HoldfastError `collection_not_found`, `invalid_cursor`. */
export type FindDuplicates = (scope: Scope, page: PageRequest) => Promise<DuplicateReport>;
