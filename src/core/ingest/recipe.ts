import type { CollectionSummary } from '../documents/collection.ts';
import type { GenerationId } from '../documents/ids.ts';

/** How versions of a collection are made. */
export interface Recipe {
  readonly generation: GenerationId;
  readonly chunkTokens: number;
}

/** The recipe of a collection: its own, or that of the service. */
export type RecipeOf = (collection: Pick<CollectionSummary, 'chunkTokens'>) => Recipe;

/** Recipes that differ in the size of chunks only. */
export function recipes(chunkTokens: number, generationOf: (chunkTokens: number) => GenerationId): RecipeOf {
  return (collection) => {
    const own = collection.chunkTokens ?? chunkTokens;
    return { chunkTokens: own, generation: generationOf(own) };
  };
}
