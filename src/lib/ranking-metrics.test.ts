import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { meanMetrics, rankingMetrics, type RankingMetrics } from './ranking-metrics.ts';

const DISCOUNTS = Array.from({ length: 10 }, (_, at) => 1 / Math.log2(at + 2));

function assertMetrics(actual: RankingMetrics, expected: RankingMetrics): void {
  for (const name of Object.keys(expected) as (keyof RankingMetrics)[])
    assert.ok(
      Math.abs(actual[name] - expected[name]) < 1e-12,
      `${name}: ${actual[name]}, not ${expected[name]}`,
    );
}

function others(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `other-${at}`);
}

describe('the metrics of a ranked list', () => {
  it('are 1 when everything relevant comes first', () => {
    const judgements = new Map(Object.entries({ a: 1, b: 1 }));
    assertMetrics(rankingMetrics(['b', 'a', 'x'], judgements), {
      ndcg_at_10: 1,
      recall_at_10: 1,
      recall_at_100: 1,
      mrr_at_10: 1,
    });
  });

  it('discount by the logarithm of the rank plus one', () => {
    // 1 / log2(3) + 1 / log2(5) against 1 + 1 / log2(3)
    assertMetrics(rankingMetrics(['x', 'a', 'y', 'b'], new Map(Object.entries({ a: 1, b: 1 }))), {
      ndcg_at_10: (0.6309297535714575 + 0.43067655807339306) / (1 + 0.6309297535714575),
      recall_at_10: 1,
      recall_at_100: 1,
      mrr_at_10: 1 / 2,
    });
  });

  it('gain by the grade itself, not by a power of two', () => {
    // ranks 1, 2, 3 hold grades 1, 3, 0; the ideal order is 3, 2, 1
    assertMetrics(rankingMetrics(['a', 'c', 'x'], new Map(Object.entries({ a: 1, b: 2, c: 3 }))), {
      ndcg_at_10: (1 + 3 * 0.6309297535714575) / (3 + 2 * 0.6309297535714575 + 1 * 0.5),
      recall_at_10: 2 / 3,
      recall_at_100: 2 / 3,
      mrr_at_10: 1,
    });
  });

  it('take grades of 0 and below as not relevant', () => {
    assertMetrics(rankingMetrics(['a', 'b', 'c'], new Map(Object.entries({ a: 0, b: -1, c: 2 }))), {
      ndcg_at_10: 0.5,
      recall_at_10: 1,
      recall_at_100: 1,
      mrr_at_10: 1 / 3,
    });
  });

  it('look at ten results and at a hundred, no further', () => {
    const judgements = new Map(Object.entries({ a: 1, b: 1, c: 1, d: 1 }));
    const ranked = [...others(9), 'a', 'b', ...others(200).slice(100, 188), 'c', 'd'];
    assert.deepEqual([ranked.indexOf('a'), ranked.indexOf('c'), ranked.indexOf('d')], [9, 99, 100]);
    assertMetrics(rankingMetrics(ranked, judgements), {
      ndcg_at_10: (DISCOUNTS[9] ?? 0) / DISCOUNTS.slice(0, 4).reduce((sum, one) => sum + one, 0),
      recall_at_10: 1 / 4,
      recall_at_100: 3 / 4,
      mrr_at_10: 1 / 10,
    });
    assert.equal(rankingMetrics([...others(10), 'a'], judgements).mrr_at_10, 0);
  });

  it('hold the ideal to ten results too', () => {
    const relevant = Array.from({ length: 20 }, (_, at) => `r${at}`);
    const metrics = rankingMetrics(relevant, new Map(relevant.map((id) => [id, 1])));
    assertMetrics(metrics, { ndcg_at_10: 1, recall_at_10: 0.5, recall_at_100: 1, mrr_at_10: 1 });
  });

  it('are 0 for a list without results', () => {
    assertMetrics(rankingMetrics([], new Map([['a', 1]])), {
      ndcg_at_10: 0,
      recall_at_10: 0,
      recall_at_100: 0,
      mrr_at_10: 0,
    });
  });
});

describe('the mean of metrics', () => {
  it('counts every question alike, those without results too', () => {
    const judgements = new Map([['a', 1]]);
    const all = [
      rankingMetrics(['a'], judgements),
      rankingMetrics(['x', 'a'], judgements),
      rankingMetrics([], judgements),
    ];
    assertMetrics(meanMetrics(all), {
      ndcg_at_10: (1 + 0.6309297535714575) / 3,
      recall_at_10: 2 / 3,
      recall_at_100: 2 / 3,
      mrr_at_10: 0.5,
    });
  });

  it('is 0 of nothing', () => {
    assertMetrics(meanMetrics([]), { ndcg_at_10: 0, recall_at_10: 0, recall_at_100: 0, mrr_at_10: 0 });
  });
});
