import { setTimeout as after } from 'node:timers/promises';

const LOOK_AGAIN_MS = 20;
const LIMIT_MS = 240_000;

/** Resolves once the condition holds. @throws when it does not within 4 minutes. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  while (!(await condition())) {
    if (limit.aborted) throw new Error(`not within ${LIMIT_MS / 1000} s: ${what}`);
    await after(LOOK_AGAIN_MS);
  }
}
