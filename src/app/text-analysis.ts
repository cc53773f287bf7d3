import type { EmbeddedIndex } from '../adapters/chunk-index/embedded.ts';
import type { TextAnalysis } from '../core/retrieval/text-analysis.ts';
import { analyzerOf } from '../engine/analysis/analyzer.ts';

/** Text analysis with the statistics of the embedded index. */
export function embeddedTextAnalysis(index: Pick<EmbeddedIndex, 'partition'>): TextAnalysis {
  return {
    async queryTerms(scope, query) {
      const partition = await index.partition(scope);
      return partition
        .queryTokens(query)
        .map(({ term, start, end }) => ({ term, start, end, idf: partition.idf(term) }));
    },
    terms: (text, language) => analyzerOf(language).analyze(text),
    async unknownIdf(scope) {
      const { passageCount } = await index.partition(scope);
      return Math.log(1 + (passageCount + 0.5) / 0.5);
    },
  };
}
