import { execFileSync } from 'node:child_process';
import {
  evaluateSet,
  EVALUATION_MODES,
  loadSet,
  rankDocuments,
  type Evaluation,
} from '../src/app/evaluate.ts';
import type { Config } from '../src/config/config.ts';
import type { Logger } from '../src/lib/logger.ts';
import { meanMetrics, rankingMetrics } from '../src/lib/ranking-metrics.ts';
import { locateReference, locateSet, RETRIEVAL_SETS } from './locate.ts';
import { average, four, table } from './report.ts';

export interface Context {
  readonly config: Config;
  readonly logger: Logger;
}

/** nDCG, recall and reciprocal rank of every set and mode, beside plain BM25. */
export async function retrievalTables(context: Context): Promise<string> {
  const evaluations: Evaluation[] = [];
  for (const name of RETRIEVAL_SETS) {
    const folder = locateSet(name);
    if (folder === null) continue;
    process.stderr.write(`retrieval: ${name}\n`);
    evaluations.push(await evaluateSet(folder, { ...context, modes: EVALUATION_MODES }));
  }
  const references = new Map(evaluations.map(({ set }) => [set, plainBm25(set)]));
  const rows = evaluations.flatMap((one) =>
    Object.entries(one.modes).map(
      ([mode, { ndcg_at_10: ndcg, recall_at_10: ten, recall_at_100: hundred, mrr_at_10: mrr }]) => [
        one.set,
        String(one.documents),
        String(one.chunks),
        String(one.queries),
        mode,
        four(ndcg),
        four(ten),
        four(hundred),
        four(mrr),
      ],
    ),
  );
  const overview = EVALUATION_MODES.map((mode) => {
    const values = evaluations.map(({ modes }) => modes[mode]?.ndcg_at_10 ?? Number.NaN);
    return [mode as string].concat(values.map(four), four(average(values)));
  });
  const plain = evaluations.map(({ set }) => references.get(set) ?? Number.NaN);
  const rrf = await reciprocalRankFusion(context);
  return [
    '## Retrieval',
    '',
    'nDCG@10 by set. Plain BM25 is the reference implementation at its better setting (k1 0.9, b 0.4 or k1 1.2, b 0.75) over whole documents; a dash means that it is not there. Reciprocal rank fusion (k 60) of the same two lists is shown for comparison; the product fuses by scores.',
    '',
    table(
      ['', ...evaluations.map(({ set }) => set), 'mean'],
      [
        ['plain BM25', ...plain.map(dash), dash(average(plain))],
        ...overview,
        ['reciprocal rank fusion', ...rrf.map(four), four(average(rrf))],
      ],
    ),
    '',
    "Everything, through the product's own ingest and search; passages are mapped to documents at their best rank, 100 passages a query.",
    '',
    table(
      ['set', 'documents', 'passages', 'questions', 'mode', 'nDCG@10', 'Recall@10', 'Recall@100', 'MRR@10'],
      rows,
    ),
  ].join('\n');
}

function dash(value: number): string {
  return Number.isNaN(value) ? '–' : four(value);
}

function plainBm25(set: string): number {
  const script = locateReference();
  const folder = locateSet(set);
  if (script === null || folder === null) return Number.NaN;
  const output = execFileSync(
    process.execPath,
    [script, folder, '--k1', '0.9,1.2', '--b', '0.4,0.75', '--json'],
    { encoding: 'utf8' },
  );
  const scores = output
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly 'nDCG@10': number })['nDCG@10']);
  return Math.max(...scores);
}

/** What the better known fusion would give on the same two lists. */
async function reciprocalRankFusion(context: Context): Promise<number[]> {
  const values: number[] = [];
  for (const name of RETRIEVAL_SETS) {
    const folder = locateSet(name);
    if (folder === null) continue;
    await using loaded = await loadSet(folder, context);
    const each = [];
    for (const query of loaded.set.queries) {
      const judgements = loaded.set.judgements.get(query._id);
      if (judgements === undefined) continue;
      const scores = new Map<string, number>();
      for (const mode of ['lexical', 'dense'] as const) {
        for (const [rank, id] of (await rankDocuments(loaded, query, mode)).entries())
          scores.set(id, (scores.get(id) ?? 0) + 1 / (61 + rank));
      }
      const ranked = [...scores].sort((a, b) => b[1] - a[1]).map(([id]) => id);
      each.push(rankingMetrics(ranked, judgements));
    }
    values.push(meanMetrics(each).ndcg_at_10);
  }
  return values;
}
