import { Worker } from 'node:worker_threads';
import { HoldfastError } from '../../core/errors.ts';
import { ModelError } from '../../core/models/model-error.ts';
import { createMutex } from '../../lib/mutex.ts';
import type { OnnxModelOptions } from './onnx-model.ts';
import type { OnnxRequest, OnnxResponse } from './onnx-worker.ts';
import { untilAborted } from '../../lib/until-aborted.ts';

/** A thread that runs one model, one batch at a time. */
export interface OnnxThread {
  /** @throws HoldfastError `invalid_configuration` when the model does not load. */
  load(): Promise<void>;
  /** One vector a text, in order. A thread that has crashed is started anew. @throws ModelError. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]>;
  stop(): Promise<void>;
}

export function onnxThread(options: OnnxModelOptions): OnnxThread {
  const turns = createMutex();
  let live: Live | null = null;
  const start = async (): Promise<Live> => {
    const started = startWorker(options, () => {
      live = null;
    });
    const loaded = await started.answer();
    if (!('problem' in loaded)) return started;
    await started.worker.terminate();
    throw new HoldfastError('invalid_configuration', loaded.problem);
  };
  const ask = async (texts: OnnxRequest, signal: AbortSignal): Promise<readonly Float32Array[]> => {
    signal.throwIfAborted();
    const thread = (live ??= await start());
    const answer = thread.answer();
    thread.worker.postMessage(texts);
    const response = await answer;
    if ('problem' in response) throw new ModelError('server_error', response.problem);
    return response.vectors;
  };
  return {
    load: async () => {
      live ??= await start();
    },
    embed: async (texts, signal) =>
      // An inference cannot be stopped, but nobody waits for one that is not wanted any more.
      untilAborted(
        signal,
        turns.run(async () => ask(texts, signal)),
      ),
    stop: async () => {
      await live?.worker.terminate();
    },
  };
}

interface Live {
  readonly worker: Worker;
  /** The next message. */
  answer(): Promise<OnnxResponse>;
}

/** The thread keeps the process alive only while somebody waits for it. */
function startWorker(options: OnnxModelOptions, ended: () => void): Live {
  const worker = new Worker(new URL('onnx-worker.ts', import.meta.url), { workerData: options });
  let waiting: PromiseWithResolvers<OnnxResponse> | null = null;
  const settle = (response: OnnxResponse): void => {
    worker.unref();
    waiting?.resolve(response);
  };
  const end = (problem: string): void => {
    ended();
    settle({ problem });
  };
  worker.on('message', settle);
  worker.on('error', (error) => end(`the thread of the ONNX model crashed: ${String(error)}`));
  worker.on('exit', (code) => end(`the thread of the ONNX model ended with code ${code}`));
  return {
    worker,
    answer: async () => {
      waiting = Promise.withResolvers<OnnxResponse>();
      worker.ref();
      return waiting.promise;
    },
  };
}
