import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readQuestion } from './question.ts';

const UNKNOWN_IDF = 7;
const NO_MODEL = { terms: () => [], embed: () => new Float32Array(4), sentenceSpans: () => [] };

/** Words of the question as they weigh; `known`: what some chunk holds, weighing 2. */
function weightsOf(
  query: string,
  terms: readonly string[],
  known: readonly string[],
): Record<string, number> {
  let from = 0;
  const queryTerms = terms.map((term) => {
    const start = query.indexOf(term, from);
    from = start;
    return { term, start, end: start + term.length, idf: known.includes(term) ? 2 : 0 };
  });
  const question = readQuestion({ query, queryTerms, unknownIdf: UNKNOWN_IDF, passages: [] }, NO_MODEL);
  return Object.fromEntries([...question.wordOf].map(([term, word]) => [term, question.weights[word] ?? 0]));
}

describe('the words of a question', () => {
  it('weigh as the index says, and as rare ones where no chunk holds them', () => {
    assert.deepEqual(weightsOf('backup kangaroo', ['backup', 'kangaroo'], ['backup']), {
      backup: 2,
      kangaroo: 7,
    });
  });

  it('are not the pairs of characters on the border of two words', () => {
    assert.deepEqual(weightsOf('提交申请', ['提交', '交申', '申请'], ['提交', '申请']), { 提交: 2, 申请: 2 });
  });

  it('count an unknown word once, however many pairs it is cut into', () => {
    assert.deepEqual(weightsOf('提交恐龙化石', ['提交', '交恐', '恐龙', '龙化', '化石'], ['提交']), {
      提交: 2,
      恐龙: 7,
      化石: 7,
    });
  });
});
