/** A named piece of source code: `[start, end)`, whole lines where nothing else shares them. */
export interface Definition {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** In order, inside of it; empty for a function. */
  readonly members: readonly Definition[];
}

/** Containers deeper than this are pieces of their own. */
export const MAX_CONTAINER_DEPTH = 4;
