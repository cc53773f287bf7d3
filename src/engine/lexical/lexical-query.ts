/** Marks the border between fields in the forward index. */
export const FIELD_BORDER = 0xffff_ffff;

/** A query term with its weight: how often it is asked for times its inverse document frequency. */
export interface QueryTerm {
  readonly id: number;
  readonly weight: number;
  readonly idf: number;
}

export interface LexicalQuery {
  /** Terms that the index knows, rarest first. */
  readonly terms: readonly QueryTerm[];
  /** Positions in `terms` of neighbouring words of the query. */
  readonly pairs: readonly (readonly [number, number])[];
}
