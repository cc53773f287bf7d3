import { parentPort, threadId } from 'node:worker_threads';
import type { ThreadRequest, ThreadResponse } from '../src/app/prepare-thread.ts';

/** What a parser could do to its thread, by the name of the item. */
const DEEDS: Readonly<Record<string, () => void>> = {
  hang() {
    for (;;);
  },
  throw() {
    throw new Error('a parser threw');
  },
  reject() {
    void Promise.reject(new Error('nobody awaited this'));
  },
  exit() {
    process.exit(3);
  },
  fill() {
    const held: number[][] = [];
    for (;;) held.push(Array.from({ length: 100_000 }, (_, index) => index + held.length));
  },
};

// Stands in for prepare-thread.ts; names the thread in place of the content hash.
parentPort?.on('message', ({ id, input }: ThreadRequest) => {
  const deed = DEEDS[input.name];
  deed?.();
  if (input.name === 'reject') return;
  const prepared = { format: null, contentHash: `thread ${threadId}`, documents: [], problems: [] };
  parentPort?.postMessage({ id, prepared } satisfies ThreadResponse);
});
