import { loadSet, type LoadedSet } from '../src/app/evaluate.ts';
import type { EvaluationQuery } from '../src/app/evaluation-set.ts';
import type { Span } from '../src/core/documents/document.ts';
import { evaluateSet } from '../src/app/evaluate.ts';
import { locateSet, RETRIEVAL_SETS } from './locate.ts';
import { table } from './report.ts';
import type { Context } from './retrieval.ts';

const SIZES = [100, 150, 200, 300, 400];
const DEPTH = 5;
const NEVER = new AbortController().signal;

interface SpanScores {
  readonly recall: number;
  readonly precision: number;
  readonly iou: number;
}

/** How much of the gold spans the five best passages cover, for several sizes of passages. */
export async function spanTable({ config, logger }: Context): Promise<string> {
  const rows: string[][] = [];
  for (const chunkTokens of SIZES) {
    process.stderr.write(`passages of ${chunkTokens} tokens\n`);
    const context = { logger, config: { ...config, chunkTokens } };
    const spans = await spanScores(context);
    const retrieval = await meanRetrieval(context);
    const cells =
      spans === null
        ? ['–', '–', '–', '–']
        : [String(spans.chunks), percent(spans.recall), percent(spans.precision), percent(spans.iou)];
    rows.push([String(chunkTokens), ...cells, retrieval.lexical.toFixed(4), retrieval.hybrid.toFixed(4)]);
  }
  return [
    '## Size of passages',
    '',
    `Span recall, precision and intersection over union of the ${DEPTH} best passages (hybrid) on chroma-chunking, whose gold answers are character spans of long documents; beside it the mean nDCG@10 over the other sets. Small passages are precise, large ones complete; 200 is the default.`,
    '',
    table(
      [
        'target tokens',
        'passages',
        'span recall',
        'span precision',
        'span IoU',
        'mean lexical nDCG@10',
        'mean hybrid nDCG@10',
      ],
      rows,
    ),
  ].join('\n');
}

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

async function meanRetrieval(context: Context): Promise<{ lexical: number; hybrid: number }> {
  const sum = { lexical: 0, hybrid: 0 };
  let sets = 0;
  for (const name of RETRIEVAL_SETS) {
    const folder = locateSet(name);
    if (folder === null) continue;
    const { modes } = await evaluateSet(folder, { ...context, modes: ['lexical', 'hybrid'] });
    sum.lexical += modes.lexical?.ndcg_at_10 ?? 0;
    sum.hybrid += modes.hybrid?.ndcg_at_10 ?? 0;
    sets++;
  }
  return { lexical: sum.lexical / sets, hybrid: sum.hybrid / sets };
}

async function spanScores(context: Context): Promise<(SpanScores & { chunks: number }) | null> {
  const folder = locateSet('chroma-chunking');
  if (folder === null) return null;
  await using loaded = await loadSet(folder, context);
  const offsets = await utf16Offsets(loaded);
  const all: SpanScores[] = [];
  for (const query of loaded.set.queries) all.push(await scoreQuery(loaded, query, offsets));
  const mean = (of: (one: SpanScores) => number): number =>
    all.reduce((sum, one) => sum + of(one), 0) / all.length;
  return {
    chunks: loaded.chunks,
    recall: mean((one) => one.recall),
    precision: mean((one) => one.precision),
    iou: mean((one) => one.iou),
  };
}

/** Document -> its stored text by code points, whose places in UTF-16 the gold offsets are turned into. */
async function utf16Offsets(loaded: LoadedSet): Promise<Map<string, Uint32Array>> {
  const offsets = new Map<string, Uint32Array>();
  for (const line of Buffer.from(loaded.set.corpus).toString('utf8').split('\n')) {
    if (line === '') continue;
    const { _id: id, text } = JSON.parse(line) as { readonly _id: string; readonly text: string };
    const stored = await loaded.service.documents.text(loaded.scope, loaded.internalId(id));
    const shift = stored.indexOf(text.trim().slice(0, 200)) - text.indexOf(text.trim().slice(0, 200));
    if (stored.slice(shift, shift + text.length).trimEnd() !== text.trimEnd())
      throw new Error(`${id}: the stored text is not the text of the set, so the offsets would not fit`);
    const starts: number[] = [];
    let at = shift;
    for (const character of text) {
      starts.push(at);
      at += character.length;
    }
    starts.push(at);
    offsets.set(id, Uint32Array.from(starts));
  }
  return offsets;
}

async function scoreQuery(
  loaded: LoadedSet,
  query: EvaluationQuery,
  offsets: ReadonlyMap<string, Uint32Array>,
): Promise<SpanScores> {
  const { corpus, spans } = query.metadata as {
    readonly corpus: string;
    readonly spans: readonly (readonly [number, number])[];
  };
  const map = offsets.get(corpus);
  const gold = spans.map(([start, end]) => ({ start: map?.[start] ?? 0, end: map?.[end] ?? 0 }));
  const { tenant, collection } = loaded.scope;
  const request = {
    tenant,
    query: query.text,
    collections: [collection],
    filter: {},
    topK: DEPTH,
    mode: 'hybrid',
  } as const;
  const { results } = await loaded.service.search(request, NEVER);
  const found = results.filter(({ documentId }) => loaded.externalId(documentId) === corpus);
  const covered = length(union(found.flatMap((result) => gold.flatMap((span) => overlap(result, span)))));
  const goldLength = length(union(gold));
  const foundLength = results.reduce((sum, { start, end }) => sum + end - start, 0);
  return {
    recall: covered / goldLength,
    precision: foundLength === 0 ? 0 : covered / foundLength,
    iou: covered / (foundLength + goldLength - covered),
  };
}

function overlap(a: Span, b: Span): Span[] {
  const start = Math.max(a.start, b.start);
  const end = Math.min(a.end, b.end);
  return start < end ? [{ start, end }] : [];
}

function union(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && span.start <= last.end)
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    else merged.push(span);
  }
  return merged;
}

function length(spans: readonly Span[]): number {
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}
