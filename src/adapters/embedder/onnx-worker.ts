import { parentPort, workerData } from 'node:worker_threads';
import { loadOnnxModel, type OnnxModelOptions } from './onnx-model.ts';

/** What the worker gets, one at a time. */
export type OnnxRequest = readonly string[];
/** First whether the model has loaded, then one answer a request. */
export type OnnxResponse = { readonly vectors: readonly Float32Array[] } | { readonly problem: string };

const send = (response: OnnxResponse): void => parentPort?.postMessage(response);

async function answered(work: () => Promise<readonly Float32Array[]>): Promise<OnnxResponse> {
  try {
    return { vectors: await work() };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

const loading = loadOnnxModel(workerData as OnnxModelOptions);
send(
  await answered(async () => {
    await loading;
    return [];
  }),
);
parentPort?.on('message', async (texts: OnnxRequest) => {
  send(await answered(async () => (await loading)(texts)));
});
