/** Ranking metrics with trec_eval's conventions: linear gain, a query without results counts 0. */
export interface RankingMetrics {
  readonly ndcg_at_10: number;
  readonly recall_at_10: number;
  readonly recall_at_100: number;
  readonly mrr_at_10: number;
}

/** Document id -> grade; only grades above 0 are relevant. */
export type Judgements = ReadonlyMap<string, number>;

/** Metrics of one ranked list. Each document may be listed once. */
export function rankingMetrics(ranked: readonly string[], judgements: Judgements): RankingMetrics {
  const ideal = [...judgements.values()].filter((grade) => grade > 0).sort((a, b) => b - a);
  const gains = ranked.map((id) => Math.max(0, judgements.get(id) ?? 0));
  const first = gains.findIndex((gain) => gain > 0);
  const hits = (depth: number): number => gains.slice(0, depth).filter((gain) => gain > 0).length;
  return {
    ndcg_at_10: discounted(gains, 10) / discounted(ideal, 10),
    recall_at_10: hits(10) / ideal.length,
    recall_at_100: hits(100) / ideal.length,
    mrr_at_10: first >= 0 && first < 10 ? 1 / (first + 1) : 0,
  };
}

function discounted(gains: readonly number[], depth: number): number {
  return gains.slice(0, depth).reduce((sum, gain, at) => sum + gain / Math.log2(at + 2), 0);
}

/** Mean over queries that have at least one relevant document. */
export function meanMetrics(all: readonly RankingMetrics[]): RankingMetrics {
  const mean = (of: (one: RankingMetrics) => number): number =>
    all.reduce((sum, one) => sum + of(one), 0) / Math.max(1, all.length);
  return {
    ndcg_at_10: mean((one) => one.ndcg_at_10),
    recall_at_10: mean((one) => one.recall_at_10),
    recall_at_100: mean((one) => one.recall_at_100),
    mrr_at_10: mean((one) => one.mrr_at_10),
  };
}
