import type { UploadStore } from '../core/documents/uploads.ts';
import { toHoldfastError } from '../core/errors.ts';
import { systemClock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { wait } from '../lib/wait.ts';

const KEPT_MS = 24 * 3_600_000;
const PAUSE_MS = 600_000;

/** Removes uploads that nobody went on with, or referred to, for a day. Disposing it stops that. */
export function forgetUploads(store: UploadStore, logger: Logger): AsyncDisposable {
  const stopping = new AbortController();
  const running = forget(store, logger, stopping.signal);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}

async function forget(store: UploadStore, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await store.removeOlder(systemClock.now() - KEPT_MS);
    } catch (error) {
      const { code, message } = toHoldfastError(error);
      logger.warn('uploads_not_removed', { code, reason: message });
    }
    await wait(PAUSE_MS, signal).catch(() => undefined);
  }
}
