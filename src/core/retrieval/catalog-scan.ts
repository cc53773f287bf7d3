import { untilAborted } from '../../lib/until-aborted.ts';
import type { Scope } from '../documents/ids.ts';
import type { Candidate, RecallRequest } from './chunk-index.ts';
import type { WeightedTerm } from './text-analysis.ts';

/** The words of a question as a collection weighs them; see `TextAnalysis`. */
export interface QuestionWords {
  readonly terms: readonly WeightedTerm[];
  readonly unknownIdf: number;
}

/** What a scan found in the part of the collection that it read. */
export interface ScanFinding {
  /** Best first, with lexical scores. */
  readonly candidates: readonly Candidate[];
  readonly words: QuestionWords;
  /** Chunks that were read. */
  readonly read: number;
  /** False when the signal ended the scan before all was read. */
  readonly isWhole: boolean;
}

/**
 * Lexical search straight from the stored texts, for a collection whose index is lost: the same scores, at the price
 * of reading everything. When the signal aborts it returns what it found by then.
 * @throws HoldfastError `overloaded`, and what the catalog throws.
 */
export type ScanCatalog = (
  scope: Scope,
  request: RecallRequest<string>,
  signal: AbortSignal,
) => Promise<ScanFinding>;

/** Runs work under a signal that aborts earlier than the given one. */
export type WithinLimit = <T>(signal: AbortSignal, work: (early: AbortSignal) => Promise<T>) => Promise<T>;

/** No limit but the signal itself, for work that may not listen to it. */
export const unlimited: WithinLimit = async (signal, work) => untilAborted(signal, work(signal));

/** What a lost index needs. */
export interface ScanDependencies {
  readonly scan: ScanCatalog;
  /** Leaves time for the answer itself. */
  readonly sparing: WithinLimit;
}
