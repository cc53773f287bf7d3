import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { loadStaticModel } from '../adapters/embedder/static.ts';
import {
  prepareItem,
  type PrepareInput,
  type PreparedItem,
  type PrepareStep,
} from '../core/ingest/prepare.ts';
import { restoreVersion, type RestoreInput } from '../core/ingest/restore.ts';
import { freeBytes } from '../lib/free-bytes.ts';
import { collectGarbage } from './collect-garbage.ts';
import { prepareTools } from './prepare-tools.ts';

/** What the pool sends and gets back. */
export interface ThreadRequest {
  readonly id: number;
  readonly input: PrepareInput | RestoreInput;
}
export type ThreadResponse =
  | { readonly id: number; readonly step: PrepareStep }
  /** With the steps that were too short to be told of one by one. */
  | { readonly id: number; readonly prepared: PreparedItem; readonly steps?: readonly PrepareStep[] };

/** A third of the weight of the thread that answers, when the cores are busy with both. */
const NICENESS = 5;
// Linux alone takes it for this thread; elsewhere it would be the whole process.
if (process.platform === 'linux') setPriority(NICENESS);
const LARGE_BYTES = 4 * 2 ** 20;
/** A step is told of at once when its item has taken longer. */
const LONG_MS = 50;

const { modelFolder, keepsVectors } = workerData as {
  readonly modelFolder: string;
  readonly keepsVectors: boolean;
};
const tools = prepareTools(await loadStaticModel(modelFolder), { keepsVectors });

function send(response: ThreadResponse): void {
  parentPort?.postMessage(response);
}

/** What it rejects with ends the thread, and the pool says so of the item. */
async function answer({ id, input }: ThreadRequest): Promise<void> {
  const began = performance.now();
  const steps: PrepareStep[] = [];
  const onStep = (step: PrepareStep): void => {
    if (performance.now() - began < LONG_MS) steps.push(step);
    else for (const next of [...steps.splice(0), step]) send({ id, step: next });
  };
  const prepared = 'stored' in input ? restoreVersion(input, tools) : await prepareItem(input, tools, onStep);
  send({ id, prepared, steps });
}

/** A large item leaves many times its size behind. Nobody waits for this thread but the next item. */
function tidyUp({ input }: ThreadRequest): void {
  if (!('bytes' in input) || input.bytes.length < LARGE_BYTES) return;
  freeBytes(input.bytes);
  collectGarbage();
}

/** One item after the other, as the pool expects it. */
let last = Promise.resolve();
parentPort?.on('message', (request: ThreadRequest) => {
  last = last.then(async () => answer(request)).then(() => tidyUp(request));
});
