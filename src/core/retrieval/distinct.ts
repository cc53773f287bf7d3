import type { Catalog } from '../documents/catalog.ts';
import type { HydratedChunk } from '../documents/document.ts';
import type { DocumentId, Scope, VersionId } from '../documents/ids.ts';
import { NEAR_DUPLICATE } from '../documents/sketch-groups.ts';
import { similarity, type Sketch } from '../documents/sketch.ts';

export interface DistinctCandidate {
  readonly scope: Scope;
  readonly chunk: HydratedChunk;
}

/** Decides in order of rank which passages stay, when of documents that are near duplicates only one is wanted. */
export interface Distinct {
  /** Reads what the candidates are compared by. */
  prepare(candidates: readonly DistinctCandidate[]): Promise<void>;
  /** False: its document is a near duplicate of one that a passage was admitted of. */
  admit(chunk: HydratedChunk): boolean;
}

/** Documents are compared across collections; one without a sketch resembles nothing. */
export function distinctDocuments(catalog: Pick<Catalog, 'sketchesOf'>): Distinct {
  const sketches = new Map<VersionId, Sketch>();
  const admitted: Sketch[] = [];
  const verdicts = new Map<DocumentId, boolean>();
  const judge = (chunk: HydratedChunk): boolean => {
    const sketch = sketches.get(chunk.version);
    if (sketch === undefined) return true;
    if (admitted.some((other) => similarity(sketch, other) >= NEAR_DUPLICATE)) return false;
    admitted.push(sketch);
    return true;
  };
  return {
    async prepare(candidates) {
      const byCollection = Map.groupBy(candidates, ({ scope }) => `${scope.tenant} ${scope.collection}`);
      for (const [first, ...others] of byCollection.values()) {
        if (first === undefined) continue;
        const versions = [first, ...others].map(({ chunk }) => chunk.version);
        for (const [version, sketch] of await catalog.sketchesOf(first.scope, versions))
          sketches.set(version, sketch);
      }
    },
    admit(chunk) {
      const known = verdicts.get(chunk.documentId);
      if (known !== undefined) return known;
      const verdict = judge(chunk);
      verdicts.set(chunk.documentId, verdict);
      return verdict;
    },
  };
}
