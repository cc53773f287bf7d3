import { Worker } from 'node:worker_threads';
import { checkPlan, type LoadPlan } from './plan.ts';
import type { Run } from './run-figures.ts';

/** A generator that is at work. */
export interface RunningLoad {
  /** Resolves when every request has ended. */
  readonly done: Promise<Run>;
}

/**
 * Sends the plan from a thread of its own, so that nothing else here makes it late. Latency counts from the moment
 * when a request was to be sent, so that a server that stalls cannot hide the requests behind the stall (coordinated
 * omission: Tene, "How NOT to Measure Latency"). @throws RangeError for a plan that is not allowed.
 */
export function startLoad(plan: LoadPlan): RunningLoad {
  const worker = new Worker(new URL('generator-thread.ts', import.meta.url), {
    workerData: checkPlan(plan),
  });
  const { promise, resolve, reject } = Promise.withResolvers<Run>();
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`the load generator ended with code ${code}`)));
  return { done: promise };
}

/** Sends the plan and waits for its end. */
export async function offer(plan: LoadPlan): Promise<Run> {
  return startLoad(plan).done;
}
