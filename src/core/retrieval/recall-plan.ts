import type { Scope } from '../documents/ids.ts';
import type { Candidate } from './chunk-index.ts';
import type { Filter } from './filter.ts';
import type { RetrievalMode } from './search.ts';

export interface RecallPlan {
  readonly query: string;
  readonly scopes: readonly Scope[];
  readonly filter: Filter;
  readonly mode: RetrievalMode;
  /** Candidates of each side in each collection. */
  readonly limit: number;
}

/** What one side found in each collection. */
export type Side = ReadonlyMap<Scope, readonly Candidate[]>;

/** Asks every collection of a plan, one after the other. */
export async function askAll(
  { scopes }: RecallPlan,
  ask: (scope: Scope) => Promise<readonly Candidate[]>,
): Promise<Side> {
  const side = new Map<Scope, readonly Candidate[]>();
  for (const scope of scopes) side.set(scope, await ask(scope));
  return side;
}
