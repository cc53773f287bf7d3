import { parentPort, workerData } from 'node:worker_threads';
import { loadStaticModel } from '../adapters/embedder/static.ts';
import { prepareItem, type PrepareInput, type PreparedItem } from '../core/ingest/prepare.ts';
import { restoreVersion, type RestoreInput } from '../core/ingest/restore.ts';
import { prepareTools } from './prepare-tools.ts';

/** What the pool sends and gets back. */
export interface ThreadRequest {
  readonly id: number;
  readonly input: PrepareInput | RestoreInput;
}
export interface ThreadResponse {
  readonly id: number;
  readonly prepared: PreparedItem;
}

const { modelFolder, keepsVectors } = workerData as {
  readonly modelFolder: string;
  readonly keepsVectors: boolean;
};
const tools = prepareTools(await loadStaticModel(modelFolder), { keepsVectors });

/** What it rejects with ends the thread, and the pool says so of the item. */
async function answer({ id, input }: ThreadRequest): Promise<void> {
  const prepared = 'stored' in input ? restoreVersion(input, tools) : await prepareItem(input, tools);
  const response: ThreadResponse = { id, prepared };
  parentPort?.postMessage(response);
}

parentPort?.on('message', (request: ThreadRequest) => void answer(request));
