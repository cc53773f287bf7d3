import type { Attempts, RecallFailure } from './attempts.ts';
import type { QuestionWords, ScanDependencies } from './catalog-scan.ts';
import type { Candidate } from './chunk-index.ts';
import { publicName, type Scope } from '../documents/ids.ts';
import type { RecalledChunk } from './fuse.ts';
import type { SearchedIndex } from './limited-index.ts';
import type { RecallPlan } from './recall-plan.ts';
import type { Stopwatch } from './stopwatch.ts';

export interface ScannedDependencies {
  readonly index: SearchedIndex;
  /** Null or left out: a question without index fails. */
  readonly lostIndex?: ScanDependencies | null;
  readonly stopwatch: Stopwatch;
}

export interface ScannedRecall {
  readonly chunks: readonly RecalledChunk[];
  readonly failures: readonly RecallFailure[];
  readonly words: ReadonlyMap<Scope, QuestionWords>;
}

/**
 * The last rung: words alone. Collections whose index still works are asked as ever, the others are read from the
 * catalog. @throws what the index threw when there is no scan, or what the scan throws.
 */
export async function scannedRecall(
  plan: RecallPlan,
  dependencies: ScannedDependencies,
  attempts: Attempts,
): Promise<ScannedRecall> {
  const { lostIndex = null } = dependencies;
  if (lostIndex === null) throw attempts.firstError();
  const found: Found = { chunks: [], words: new Map(), reasons: new Set() };
  const isOnly = plan.scopes.length === 1;
  for (const { side, reason } of attempts.failures)
    if (isOnly && side !== 'embedding') found.reasons.add(reason);
  for (const scope of plan.scopes) {
    const asked = { plan, scope, signal: attempts.signal };
    // One that is asked alone has just failed.
    const candidates = isOnly ? null : await indexed(asked, dependencies.index, found.reasons);
    add(found, scope, candidates ?? (await scanned(asked, { ...dependencies, lostIndex }, found)));
  }
  const { chunks, words, reasons } = found;
  return { chunks, words, failures: failuresOf(attempts.failures, reasons) };
}

interface Found {
  readonly chunks: RecalledChunk[];
  readonly words: Map<Scope, QuestionWords>;
  readonly reasons: Set<string>;
}

function add({ chunks }: Found, scope: Scope, candidates: readonly Candidate[]): void {
  for (const { chunkId, score } of candidates)
    chunks.push({ scope, chunkId, lexical: score, cosine: Number.NaN });
}

interface Asked {
  readonly plan: RecallPlan;
  readonly scope: Scope;
  readonly signal: AbortSignal;
}

/** Null, and the reason, when the index of the collection does not work. */
async function indexed(
  { plan: { query, filter, limit }, scope, signal }: Asked,
  index: SearchedIndex,
  reasons: Set<string>,
): Promise<readonly Candidate[] | null> {
  try {
    return await index.lexical(scope, { query, filter, limit }, signal);
  } catch (error) {
    signal.throwIfAborted();
    reasons.add(error instanceof Error ? error.message : String(error));
    return null;
  }
}

async function scanned(
  { plan: { query, filter, limit }, scope, signal }: Asked,
  { lostIndex, stopwatch }: { readonly lostIndex: ScanDependencies; readonly stopwatch: Stopwatch },
  { words, reasons }: Found,
): Promise<readonly Candidate[]> {
  const finding = await stopwatch.time('scan', async () =>
    lostIndex.sparing(signal, async (early) => lostIndex.scan(scope, { query, filter, limit }, early)),
  );
  signal.throwIfAborted();
  words.set(scope, finding.words);
  if (!finding.isWhole)
    reasons.add(`the time was up after ${finding.read} passages of "${publicName(scope.collection)}"`);
  return finding.candidates;
}

/** One failure of the index in place of those of its sides; an index that works again has failed for vectors only. */
function failuresOf(failures: readonly RecallFailure[], reasons: ReadonlySet<string>): RecallFailure[] {
  if (reasons.size === 0) return failures.filter(({ side }) => side !== 'lexical');
  return [
    ...failures.filter(({ side }) => side === 'embedding'),
    { side: 'index', reason: [...reasons].join('; ') },
  ];
}
