import { quantile } from '../bench/quantiles.ts';
import { table } from '../eval/report.ts';
import { describeDisturbance, watched } from '../bench/disturbance.ts';
import { offer } from './generator.ts';
import type { LoadPlan } from './plan.ts';
import { countsOf, goodputOf, latencies, p99Of, requireValid, type Run, type Sample } from './run-figures.ts';
import { judged, percent, type Section, type Setting } from './section.ts';
import { startServer } from './server-process.ts';

const CONNECTIONS = 4;
const SECONDS = { warmUp: 5, capacity: 10, unloaded: 20, overload: 60, after: 15 } as const;
const TIMES = 3;

interface Phases {
  readonly capacity: readonly [before: number, after: number];
  readonly unloaded: Run;
  readonly overload: Run;
  readonly after: Run;
}

/** Three times the capacity (R15), with answers that are extracted, so that the server itself is what is full. */
export const overload: Section = {
  name: 'overload',
  async measure(setting) {
    await using server = await startServer(setting.store.dataDir);
    const { value, disturbance } = await watched(async () => runPhases(server.address, setting));
    return [describe(value), describeDisturbance(disturbance)].join('\n\n');
  },
};

async function runPhases(address: string, { store, scale, note }: Setting): Promise<Phases> {
  const run = async (name: keyof typeof SECONDS, model: LoadPlan['model']): Promise<Run> => {
    note(`overload: ${name}`);
    const seconds = SECONDS[name] * scale;
    return requireValid(name, await offer({ address, ...store.material, seconds, model }), {
      mayRefuse: true,
    });
  };
  const closed = { kind: 'closed', connections: CONNECTIONS } as const;
  await run('warmUp', closed);
  const before = goodputOf(await run('capacity', closed));
  const unloaded = await run('unloaded', open(before / 2, 1));
  const overload = await run('overload', open(before * TIMES, 2));
  const after = await run('after', open(before / 2, 3));
  return { capacity: [before, goodputOf(await run('capacity', closed))], unloaded, overload, after };
}

function describe({ capacity, unloaded, overload, after }: Phases): string {
  const mean = (capacity[0] + capacity[1]) / 2;
  const goodput = goodputOf(overload) / mean;
  const slower = p99Of(overload.samples) / p99Of(unloaded.samples);
  const recovery = secondsUntilNormal(after, p99Of(unloaded.samples));
  const others = overload.samples.length - sumOf(overload, ['correct', 'refused']);
  const refused = overload.samples.filter(({ outcome }) => outcome === 'refused');
  return [
    `Capacity: ${capacity[0].toFixed(0)} correct answers a second before and ${capacity[1].toFixed(0)} after the rush, over ${CONNECTIONS} connections that ask again as soon as they have their answer. The other phases send at random moments whatever becomes of the answers (Poisson), and latency counts from the moment when a question was to be sent.`,
    table(
      ['phase', 'offered/s', 'correct/s', 'refused', 'p50 ms', 'p99 ms', 'generator late p99 ms'],
      [
        phaseRow('half of the capacity', unloaded),
        phaseRow(`${TIMES} times the capacity`, overload),
        phaseRow('half again, at once after it', after),
      ],
    ),
    table(
      ['target (R15)', 'measured', ''],
      [
        ['goodput at least 90 % of the capacity', percent(goodput), judged(goodput >= 0.9)],
        [
          'p99 of accepted questions at most twice the unloaded one',
          `${slower.toFixed(2)} times`,
          judged(slower <= 2),
        ],
        [
          'everything else is 503 `overloaded` with `Retry-After`',
          `${refused.length} refused, ${others} otherwise`,
          judged(others === 0),
        ],
        ['normal again within 5 s', `${recovery.toFixed(0)} s`, judged(recovery <= 5)],
      ],
    ),
    `A refusal was there after ${refusalMs(refused, 0.5)} ms (p50), ${refusalMs(refused, 0.99)} ms (p99), counted from the moment when it was sent, with the turn in front of it.`,
  ].join('\n\n');
}

function phaseRow(name: string, run: Run): readonly string[] {
  const times = latencies(run.samples);
  return [
    name,
    (run.scheduled / run.seconds).toFixed(0),
    goodputOf(run).toFixed(0),
    String(countsOf(run).refused ?? 0),
    quantile(times, 0.5).toFixed(1),
    quantile(times, 0.99).toFixed(1),
    lateP99(run.samples),
  ];
}

function lateP99(samples: readonly Sample[]): string {
  return quantile(
    samples.map(({ lateMs }) => lateMs),
    0.99,
  ).toFixed(1);
}

function refusalMs(refused: readonly Sample[], share: number): string {
  const times = refused.map(({ latencyMs, lateMs }) => latencyMs - lateMs);
  return quantile(times, share).toFixed(1);
}

function sumOf(run: Run, outcomes: readonly ('correct' | 'refused')[]): number {
  const counts = countsOf(run);
  return outcomes.reduce((sum, outcome) => sum + (counts[outcome] ?? 0), 0);
}

function open(perSecond: number, seed: number): LoadPlan['model'] {
  return { kind: 'open', perSecond, seed };
}

/** The end of the last second in which a question was refused, or half of the answers took longer than usual. */
export function secondsUntilNormal({ samples, seconds }: Run, normalMs: number): number {
  for (let second = Math.ceil(seconds); second > 0; second--) {
    const within = samples.filter(({ scheduledMs }) => Math.floor(scheduledMs / 1000) === second - 1);
    const isRefused = within.some(({ outcome }) => outcome === 'refused');
    if (isRefused || quantile(latencies(within), 0.5) > normalMs) return second;
  }
  return 0;
}
