import { setTimeout as delay } from 'node:timers/promises';

/** Waits so many milliseconds without keeping the process alive. Rejects when the signal is aborted. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false });
}
