import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { quantile } from './quantiles.ts';

/** What the rest of the machine did during a measurement. */
export interface Disturbance {
  /** p50 and p99 of how much too late a sleeping thread was woken, in milliseconds. */
  readonly lateMs: readonly [p50: number, p99: number];
  /** Share of the processors that the host took away; null where it is not told. */
  readonly stolen: number | null;
  /** Share of the processors that was in use, by this measurement and by others. */
  readonly busy: number | null;
}

interface Ticks {
  readonly total: number;
  readonly idle: number;
  readonly stolen: number;
}

/** Runs the work while a thread watches how undisturbed it is. */
export async function watched<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly disturbance: Disturbance }> {
  const worker = new Worker(new URL('disturbance-thread.ts', import.meta.url));
  const before = readTicks();
  const value = await work();
  const after = readTicks();
  const late = Promise.withResolvers<readonly number[]>();
  worker.once('message', late.resolve);
  worker.once('error', late.reject);
  worker.postMessage('stop');
  const lateMs = await late.promise;
  const share = (field: 'stolen' | 'idle'): number | null =>
    before === null || after === null ? null : (after[field] - before[field]) / (after.total - before.total);
  const idle = share('idle');
  return {
    value,
    disturbance: {
      lateMs: [quantile(lateMs, 0.5), quantile(lateMs, 0.99)],
      stolen: share('stolen'),
      busy: idle === null ? null : 1 - idle,
    },
  };
}

/** One sentence for a report. */
export function describeDisturbance({ lateMs, stolen, busy }: Disturbance): string {
  const [p50, p99] = lateMs.map((ms) => ms.toFixed(2));
  return `Disturbance: a thread that slept for 5 ms was woken ${p50} ms too late (p50), ${p99} ms (p99); the host took away ${shownShare(stolen)} of the processors, ${shownShare(busy)} were in use.`;
}

/** Of all processors since the start of the machine (Linux). */
function readTicks(): Ticks | null {
  try {
    const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/).slice(1).map(Number) ?? [];
    const [, , , idle = 0, waiting = 0, , , stolen = 0] = fields;
    return { total: fields.slice(0, 8).reduce((sum, ticks) => sum + ticks, 0), idle: idle + waiting, stolen };
  } catch {
    return null;
  }
}

function shownShare(share: number | null): string {
  return share === null ? 'an unknown share' : `${(100 * share).toFixed(1)} %`;
}
