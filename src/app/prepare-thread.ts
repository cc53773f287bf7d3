import { parentPort, workerData } from 'node:worker_threads';
import { loadStaticModel } from '../adapters/embedder/static.ts';
import { prepareItem, type PrepareInput, type PreparedItem } from '../core/ingest/prepare.ts';
import { prepareTools } from './prepare-tools.ts';

/** What the pool sends and gets back. */
export interface ThreadRequest {
  readonly id: number;
  readonly input: PrepareInput;
}
export interface ThreadResponse {
  readonly id: number;
  readonly prepared: PreparedItem;
}

const { modelFolder } = workerData as { readonly modelFolder: string };
const tools = prepareTools(await loadStaticModel(modelFolder));

parentPort?.on('message', ({ id, input }: ThreadRequest) => {
  const response: ThreadResponse = { id, prepared: prepareItem(input, tools) };
  parentPort?.postMessage(response);
});
