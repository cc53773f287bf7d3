import { parentPort, workerData } from 'node:worker_threads';
import { loadStaticModel } from '../adapters/embedder/static.ts';
import {
  prepareItem,
  type PrepareInput,
  type PreparedItem,
  type PrepareStep,
  type PrepareTools,
} from '../core/ingest/prepare.ts';
import type { ParseResult } from '../core/documents/parser.ts';
import { restoreVersion, type RestoreInput } from '../core/ingest/restore.ts';
import { freeBytes } from '../lib/free-bytes.ts';
import { letAnswersGoFirst } from '../lib/thread-priority.ts';
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

letAnswersGoFirst();
const LARGE_BYTES = 4 * 2 ** 20;
const HANDED_OVER_BYTES = 2 ** 16;
/** A step is told of at once when its item has taken longer. */
const LONG_MS = 50;

const { modelFolder, keepsVectors } = workerData as {
  readonly modelFolder: string;
  readonly keepsVectors: boolean;
};
const tools = prepareTools(await loadStaticModel(modelFolder), { keepsVectors });

function send(response: ThreadResponse, transferred: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(response, transferred);
}

/** What it rejects with ends the thread, and the pool says so of the item. */
async function answer({ id, input }: ThreadRequest): Promise<void> {
  const began = performance.now();
  const steps: PrepareStep[] = [];
  const onStep = (step: PrepareStep): void => {
    if (performance.now() - began < LONG_MS) steps.push(step);
    else for (const next of [...steps.splice(0), step]) send({ id, step: next });
  };
  const prepared =
    'stored' in input ? restoreVersion(input, tools) : await prepareItem(input, ...tidily(onStep));
  send({ id, prepared, steps }, vectorsOf(prepared));
}

/** The tools and the steps of one item, which let go of what it was parsed from before it is split. */
function tidily(onStep: (step: PrepareStep) => void): [PrepareTools, (step: PrepareStep) => void] {
  let isTidy = true;
  const parse: PrepareTools['parse'] = async (format, input) => {
    try {
      const parsed = await tools.parse(format, input);
      isTidy = charsOf(parsed) < LARGE_BYTES;
      return parsed;
    } finally {
      // The bytes are this thread's own copy, and documents hold nothing of them.
      freeBytes(input.bytes);
    }
  };
  const step = (begun: PrepareStep): void => {
    if (!isTidy) collectGarbage();
    isTidy = true;
    onStep(begun);
  };
  return [{ ...tools, parse }, step];
}

function charsOf({ documents }: ParseResult): number {
  return documents.reduce((sum, { text }) => sum + text.length, 0);
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

/** One item after the other, as the pool expects it. */
let last = Promise.resolve();
parentPort?.on('message', (request: ThreadRequest) => {
  const bytes = 'bytes' in request.input ? request.input.bytes.length : 0;
  last = last.then(async () => answer(request));
  // A large item leaves many times its size behind. Nobody waits for this thread but the next item.
  if (bytes >= LARGE_BYTES) last = last.then(collectGarbage);
});
