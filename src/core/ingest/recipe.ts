import type { CollectionSummary } from '../documents/collection.ts';
import type { GenerationId } from '../documents/ids.ts';

/** How versions of a collection are made. */
export interface Recipe {
  readonly generation: GenerationId;
  readonly chunkTokens: number;
  /** False: its passages get no vectors. */
  readonly isEmbedded: boolean;
}

/** The recipe of a collection: its own, or that of the service. */
export type RecipeOf = (collection: Pick<CollectionSummary, 'chunkTokens' | 'embedder'>) => Recipe;

/** A collection that is made as the service is set. */
export const AS_THE_SERVICE = { chunkTokens: null, embedder: null } as const;

/** Recipes that differ in the size of chunks, and in whether chunks have vectors. */
export function recipes(
  chunkTokens: number,
  generationOf: (parts: Omit<Recipe, 'generation'>) => GenerationId,
): RecipeOf {
  return (collection) => {
    const own = {
      chunkTokens: collection.chunkTokens ?? chunkTokens,
      isEmbedded: collection.embedder !== 'none',
    };
    return { ...own, generation: generationOf(own) };
  };
}
