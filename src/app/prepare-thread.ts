import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { loadStaticModel } from '../adapters/embedder/static.ts';
import {
  prepareItem,
  type PrepareInput,
  type PreparedItem,
  type PrepareStep,
  type PrepareTools,
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
  | { readonly id: number; readonly prepared: PreparedItem };

/** A third of the weight of the thread that answers, when the cores are busy with both. */
const NICENESS = 5;
// Linux alone takes it for this thread; elsewhere it would be the whole process.
if (process.platform === 'linux') setPriority(NICENESS);
const LARGE_BYTES = 4 * 2 ** 20;
const HANDED_OVER_BYTES = 2 ** 16;

const { modelFolder, keepsVectors } = workerData as {
  readonly modelFolder: string;
  readonly keepsVectors: boolean;
};
const given = prepareTools(await loadStaticModel(modelFolder), { keepsVectors });
const tools: PrepareTools = {
  ...given,
  async parse(format, input) {
    try {
      return await given.parse(format, input);
    } finally {
      // The bytes are this thread's own copy, and documents hold nothing of them.
      freeBytes(input.bytes);
    }
  },
};

function send(response: ThreadResponse, transferred: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(response, transferred);
}

/** What it rejects with ends the thread, and the pool says so of the item. */
async function answer({ id, input }: ThreadRequest): Promise<void> {
  // What a large item was parsed from is many times its size, and no longer needed once it is split.
  let isTidy = !isLarge(input);
  const onStep = (step: PrepareStep): void => {
    if (!isTidy) collectGarbage();
    isTidy = true;
    send({ id, step });
  };
  const prepared = 'stored' in input ? restoreVersion(input, tools) : await prepareItem(input, tools, onStep);
  send({ id, prepared }, vectorsOf(prepared));
}

/** Buffers of vectors that are large enough to be handed over rather than copied. */
function vectorsOf({ documents }: PreparedItem): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { version } of documents) {
    const buffer = version.vectors[0]?.values.buffer;
    if (buffer instanceof ArrayBuffer && buffer.byteLength >= HANDED_OVER_BYTES) buffers.add(buffer);
  }
  return [...buffers];
}

function isLarge(input: ThreadRequest['input']): boolean {
  return 'bytes' in input && input.bytes.length >= LARGE_BYTES;
}

/** One item after the other, as the pool expects it. */
let last = Promise.resolve();
parentPort?.on('message', (request: ThreadRequest) => {
  const leavesGarbage = isLarge(request.input);
  last = last.then(async () => answer(request));
  // Nobody waits for this thread but the next item.
  if (leavesGarbage) last = last.then(collectGarbage);
});
