import { parentPort } from 'node:worker_threads';

const SLEEP_MS = 5;
const asleep = new Int32Array(new SharedArrayBuffer(4));
const late: number[] = [];

/** Sleeps again and again; how much longer than asked says how busy others keep the processors. */
function sleepOnce(): void {
  const began = performance.now();
  Atomics.wait(asleep, 0, 0, SLEEP_MS);
  late.push(performance.now() - began - SLEEP_MS);
  setImmediate(sleepOnce);
}

parentPort?.once('message', () => {
  parentPort?.postMessage(late);
  process.exit();
});
sleepOnce();
