import type { WithinLimit } from './catalog-scan.ts';
import type { ChunkIndex } from './chunk-index.ts';

/** What a question asks of an index. */
export type SearchedIndex = Pick<
  ChunkIndex,
  'lexical' | 'dense' | 'denseEncoded' | 'lexicalScores' | 'denseScores' | 'encodedScores' | 'encoded'
>;

/** The index for one question: no call outlasts its limit, whether or not the index listens to the signal. */
export function limitedIndex(index: SearchedIndex, signal: AbortSignal, within: WithinLimit): SearchedIndex {
  return {
    lexical: async (scope, request) => within(signal, async (early) => index.lexical(scope, request, early)),
    dense: async (scope, request) => within(signal, async (early) => index.dense(scope, request, early)),
    denseEncoded: async (scope, request) =>
      within(signal, async (early) => index.denseEncoded(scope, request, early)),
    lexicalScores: async (...asked) => within(signal, async () => index.lexicalScores(...asked)),
    denseScores: async (...asked) => within(signal, async () => index.denseScores(...asked)),
    encodedScores: async (...asked) => within(signal, async () => index.encodedScores(...asked)),
    encoded: async (...asked) => within(signal, async () => index.encoded(...asked)),
  };
}
