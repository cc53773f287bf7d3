import { setTimeout as delay } from 'node:timers/promises';
import { dayAndCommit, table } from '../eval/report.ts';
import { type BreakerWatch, watchBreaker } from './breaker-watch.ts';
import { describeDisturbance, watched } from '../bench/disturbance.ts';
import { type FaultCell, FAULT_CELLS } from './fault-cells.ts';
import { fullDiskRow } from './full-disk.ts';
import { offer, startLoad } from './generator.ts';
import { startModels, type Models } from './models.ts';
import type { LoadPlan } from './plan.ts';
import { latencies, p99Of, requireSent, requireValid, type Sample } from './run-figures.ts';
import { judged, percent, type Section, type Setting } from './section.ts';
import { startServer } from './server-process.ts';

/** The rate of the target, for a machine that has room for it. */
const PER_SECOND = 100;
/** A machine that is busier than this with all models healthy measures its own queue. */
const CAPACITY_SHARE = 0.6;
const WARM_UP_SECONDS = 8;
const CAPACITY_SECONDS = 10;
const CONNECTIONS = 4;
const HEALTHY_SECONDS = 15;
const FAULT_SECONDS = 30;
const RECOVERY_SECONDS = 15;
/** Rounds of recovery; the longest open interval is a minute. */
const MAX_ROUNDS = 8;

/** What became of one cell. */
interface CellFigures {
  readonly faulty: readonly Sample[];
  readonly healthyMs: number;
  /** Until the breaker was seen open. */
  readonly beforeOpenMs: number;
  readonly afterOpenMs: number;
  readonly openedAfterSeconds: number;
  readonly closedAfterSeconds: number;
  /** The longest wait that the open breaker announced. */
  readonly intervalSeconds: number;
}

/** Every fault of every model at 100 questions a second. */
export const faults: Section = {
  name: 'faults',
  async measure(setting) {
    await using models = await startModels();
    const capacity = await capacityOf(models, setting);
    const perSecond = Math.min(PER_SECOND, Math.floor(CAPACITY_SHARE * capacity));
    setting.note(
      `faults: ${capacity.toFixed(0)} correct answers a second at most, ${perSecond} are asked for`,
    );
    const { value, disturbance } = await watched(async () => measureCells(models, setting, perSecond));
    const disk = await fullDiskRow(setting);
    return [
      describe(value, { capacity, perSecond }, setting.page),
      disk,
      describeDisturbance(disturbance),
    ].join('\n\n');
  },
};

/** Correct answers a second with all models healthy, to clients that ask again as soon as they have an answer. */
async function capacityOf(models: Models, { store, scale }: Setting): Promise<number> {
  await using server = await startServer(store.dataDir, models.environment);
  const model = { kind: 'closed', connections: CONNECTIONS } as const;
  const plan = (seconds: number): LoadPlan => ({
    address: server.address,
    ...store.material,
    seconds,
    model,
  });
  await offer(plan(WARM_UP_SECONDS * scale));
  const seconds = CAPACITY_SECONDS * scale;
  const { samples } = await offer(plan(seconds));
  return latencies(samples).length / seconds;
}

interface Measured {
  readonly cell: FaultCell;
  /** A text: the cell is void, and why. */
  readonly figures: CellFigures | string;
}

async function measureCells(
  models: Models,
  setting: Setting,
  perSecond: number,
): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  // A short try has no time for the faults that breakers are slow to notice.
  const cells = FAULT_CELLS.filter(
    (cell) => (cell.isFast || setting.scale >= 1) && nameOf(cell).includes(setting.cells ?? ''),
  );
  for (const cell of cells) {
    setting.note(`faults: ${nameOf(cell)}`);
    await models.heal();
    // A server of its own: no cell sees the open breakers or the remembered vectors of another.
    await using server = await startServer(setting.store.dataDir, models.environment);
    const measuring = measureCell(cell, { models, address: server.address, setting, perSecond });
    const figures = await measuring.catch((error: unknown) => {
      if (error instanceof Error && error.message.startsWith('INVALID RUN')) return error.message;
      throw error;
    });
    if (typeof figures === 'string') setting.note(figures);
    measured.push({ cell, figures });
  }
  if (measured.every(({ figures }) => typeof figures === 'string'))
    throw new Error('INVALID RUN: every cell is void');
  return measured;
}

interface Rig {
  readonly models: Models;
  readonly address: string;
  readonly setting: Setting;
  readonly perSecond: number;
}

async function measureCell(
  cell: FaultCell,
  { models, address, setting, perSecond }: Rig,
): Promise<CellFigures> {
  const { store, scale } = setting;
  const plan = (seconds: number, seed: number, from: number): LoadPlan => {
    const { questions, ...rest } = store.material;
    const order = [...questions.slice(from), ...questions.slice(0, from)];
    const model = { kind: 'open', perSecond, seed } as const;
    return { address, ...rest, questions: order, seconds, model };
  };
  // Not timed: code is compiled, connections are opened.
  await offer(plan(WARM_UP_SECONDS, 1, 0));
  await using watch = watchBreaker(address, cell.breaker);
  const healthySeconds = HEALTHY_SECONDS * scale;
  const running = startLoad(plan(healthySeconds + FAULT_SECONDS * scale, 2, 1000));
  await delay(healthySeconds * 1000);
  await cell.inject(models);
  const faultAtMs = performance.now();
  const name = nameOf(cell);
  const run = requireSent(name, await running.done);
  const healthy = run.samples.filter(({ scheduledMs }) => scheduledMs < healthySeconds * 1000);
  const healthyRun = { scheduled: healthy.length, seconds: healthySeconds, samples: healthy };
  requireValid(`${name}, while healthy`, healthyRun, { mayRefuse: false });
  const opened = firstOpen(watch, faultAtMs);
  if (opened === null) throw new Error(`INVALID RUN: ${cell.breaker} was not seen to open (R86)`);
  await models.heal();
  const healedAtMs = performance.now();
  const recovered: Sample[] = [];
  let closedAtMs: number | null = null;
  for (let round = 0; round < MAX_ROUNDS && closedAtMs === null; round++) {
    const seconds = RECOVERY_SECONDS * scale;
    const { samples } = await offer(plan(seconds, 3 + round, 6000 + 1500 * round));
    recovered.push(...samples);
    closedAtMs = firstClosed(watch, healedAtMs);
  }
  if (closedAtMs === null) throw new Error(`INVALID RUN: ${cell.breaker} was not seen to close (R86)`);
  const faulty = run.samples.filter(({ scheduledMs }) => scheduledMs >= healthySeconds * 1000);
  const openMs = healthySeconds * 1000 + (opened - faultAtMs);
  return {
    faulty: [...faulty, ...recovered],
    healthyMs: p99Of(healthy),
    beforeOpenMs: p99Of(faulty.filter(({ scheduledMs }) => scheduledMs < openMs)),
    afterOpenMs: p99Of(faulty.filter(({ scheduledMs }) => scheduledMs >= openMs)),
    openedAfterSeconds: (opened - faultAtMs) / 1000,
    closedAfterSeconds: (closedAtMs - healedAtMs) / 1000,
    intervalSeconds: Math.max(...watch.seen.map(({ nextTrySeconds }) => nextTrySeconds)),
  };
}

function firstOpen({ seen }: BreakerWatch, sinceMs: number): number | null {
  return seen.find(({ atMs, isOpen }) => atMs >= sinceMs && isOpen)?.atMs ?? null;
}

/** The beginning of the time in which it stayed closed. */
function firstClosed({ seen }: BreakerWatch, sinceMs: number): number | null {
  const lastOpen = seen.findLastIndex(({ isOpen }) => isOpen);
  const closed = seen[lastOpen + 1];
  return closed === undefined ? null : Math.max(0, closed.atMs - sinceMs) + sinceMs;
}

interface Rate {
  /** Correct answers a second. */
  readonly capacity: number;
  readonly perSecond: number;
}

function describe(all: readonly Measured[], { capacity, perSecond }: Rate, page: string): string {
  const isFull = perSecond === PER_SECOND;
  return [
    `With all models healthy this machine gives ${capacity.toFixed(0)} correct answers a second, each with a call to embed, one to rerank and a streamed one to generate, all on the same cores. ${isFull ? '' : `The target speaks of ${PER_SECOND} questions a second; here ${CAPACITY_SHARE * 100} % of what it can do are asked for, since a machine that is busier measures its own queue.`}`.trim(),
    `Each line: questions a second (${perSecond} in the last run) at random moments for ${HEALTHY_SECONDS} s with all models healthy, ${FAULT_SECONDS} s with the fault, then until the breaker has closed. Embedder, generator and reranker are stand-ins behind fault proxies in one other process. Available is the share of all questions from the fault to the recovery that were answered with status 200 and a citation of the right document. A line is void when its breaker does not open and close again, or when not 99.9 % of its healthy answers are correct.`,
    table(
      [
        'model',
        'fault',
        'available',
        'healthy p99 ms',
        'p99 ms until the breaker opens (limit)',
        'p99 ms after (ratio to healthy)',
        'opens after s',
        'closes after s (longest wait between tries)',
        'targets',
        'questions/s',
        'day and commit',
      ],
      FAULT_CELLS.flatMap((cell) => {
        const measured = all.find((one) => one.cell === cell);
        if (measured === undefined) return knownRow(page, cell);
        return [[...cellRow(measured), String(perSecond), dayAndCommit()]];
      }),
    ),
    'Targets: available 100 %; until the breaker opens p99 at most the timeout plus 100 ms; after it at most 1.3 times the healthy one; closed within two of its waits.',
  ].join('\n\n');
}

/** What became of those that got no right answer: ` (3 refused)`. */
function lostOf(samples: readonly Sample[]): string {
  const lost = Object.entries(Object.groupBy(samples, ({ outcome }) => outcome)).flatMap(
    ([outcome, some = []]) => (outcome === 'correct' ? [] : [`${some.length} ${outcome}`]),
  );
  return lost.length === 0 ? '' : ` (${lost.join(', ')})`;
}

/** The row that the page has of a cell. */
function knownRow(page: string, { model, fault }: FaultCell): string[][] {
  const row = page.split('\n').find((line) => line.startsWith(`| ${model} | ${fault} | `));
  return row === undefined ? [] : [row.slice(2, -2).split(' | ')];
}

function nameOf({ model, fault }: FaultCell): string {
  return `${model} ${fault}`;
}

function cellRow({ cell, figures }: Measured): readonly string[] {
  if (typeof figures === 'string') return [cell.model, cell.fault, figures, '', '', '', '', '', '**void**'];
  const { faulty, healthyMs, beforeOpenMs, afterOpenMs } = figures;
  const { openedAfterSeconds, closedAfterSeconds, intervalSeconds } = figures;
  const available = latencies(faulty).length / faulty.length;
  const limitMs = cell.timeoutMs + 100;
  const ratio = afterOpenMs / healthyMs;
  // A breaker that opens before a question was asked leaves nothing to time.
  const isSoon = Number.isNaN(beforeOpenMs) || beforeOpenMs <= limitMs;
  const isMet =
    available === 1 && isSoon && ratio <= 1.3 && closedAfterSeconds <= 2 * Math.max(5, intervalSeconds);
  return [
    cell.model,
    cell.fault,
    `${percent(available, 2)}${lostOf(faulty)}`,
    healthyMs.toFixed(1),
    `${Number.isNaN(beforeOpenMs) ? 'none' : beforeOpenMs.toFixed(0)} (${limitMs})`,
    `${afterOpenMs.toFixed(1)} (${ratio.toFixed(2)})`,
    openedAfterSeconds.toFixed(1),
    `${closedAfterSeconds.toFixed(1)} (${intervalSeconds})`,
    judged(isMet),
  ];
}
