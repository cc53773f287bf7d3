import { Worker } from 'node:worker_threads';
import { HoldfastError } from '../core/errors.ts';
import { sha256Hex } from '../lib/hash.ts';
import type { OnPrepareStep, Prepare, PrepareInput, PreparedItem } from '../core/ingest/prepare.ts';
import type { Restore, RestoreInput } from '../core/ingest/restore.ts';
import type { ThreadRequest, ThreadResponse } from './prepare-thread.ts';

export interface PreparePoolOptions {
  readonly threads: number;
  readonly modelFolder: string;
  /** False: chunks get no static vectors. Default true. */
  readonly keepsVectors?: boolean;
  /** Parsing one item longer than this ends its thread, and the item fails with `document_timeout`. */
  readonly timeoutMs: number;
  /** Memory of one thread's JavaScript heap. */
  readonly heapMegabytes: number;
  /** What a thread runs: answers a `ThreadRequest` with a `ThreadResponse`. */
  readonly script?: URL;
}

const SCRIPT = new URL('prepare-thread.ts', import.meta.url);

/** Where new objects go: a third of the default costs no time, and a thread a hundred megabytes less. */
const YOUNG_MEGABYTES = 18;

interface Job {
  readonly input: PrepareInput | RestoreInput;
  readonly resolve: (prepared: PreparedItem) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal;
  readonly onStep: OnPrepareStep;
}

interface Thread {
  readonly worker: Worker;
  job: Job | null;
  timer: NodeJS.Timeout | null;
}

/** Prepares items in worker threads, so that parsing never holds up a search. */
export interface PreparePool extends AsyncDisposable {
  readonly prepare: Prepare;
  readonly restore: Restore;
}

/** Threads start with the first item, and are replaced when an item crashes or hangs them. */
export function preparePool(options: PreparePoolOptions): PreparePool {
  return new Pool(options);
}

function stopping(): HoldfastError {
  return new HoldfastError('shutting_down', 'the service is being stopped');
}

class Pool implements PreparePool {
  readonly #options: PreparePoolOptions;
  readonly #threads = new Set<Thread>();
  readonly #waiting: Job[] = [];
  #nextId = 0;
  #isClosed = false;

  constructor(options: PreparePoolOptions) {
    this.#options = options;
  }

  readonly prepare: Prepare = async (input, signal, onStep = () => undefined) =>
    this.#take(input, signal, onStep);
  readonly restore: Restore = async (input, signal) => this.#take(input, signal, () => undefined);

  async #take(
    input: PrepareInput | RestoreInput,
    signal: AbortSignal,
    onStep: OnPrepareStep,
  ): Promise<PreparedItem> {
    signal.throwIfAborted();
    if (this.#isClosed) throw stopping();
    return new Promise<PreparedItem>((resolve, reject) => {
      this.#waiting.push({ input, signal, onStep, resolve, reject });
      this.#dispatch();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const job of this.#waiting.splice(0)) job.reject(stopping());
    for (const thread of this.#threads) {
      thread.job?.reject(stopping());
      this.#clear(thread);
    }
    await Promise.all([...this.#threads].map(async ({ worker }) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const idle = [...this.#threads].find(({ job }) => job === null) ?? this.#start();
      if (idle === null) return;
      const job = this.#waiting.shift();
      if (job === undefined) return;
      if (job.signal.aborted) job.reject(job.signal.reason);
      else this.#run(idle, job);
    }
  }

  #run(thread: Thread, job: Job): void {
    const { timeoutMs } = this.#options;
    thread.job = job;
    thread.worker.ref();
    thread.timer = setTimeout(() => {
      this.#fail(thread, {
        code: 'document_timeout',
        reason: `${job.input.name} was not parsed within ${timeoutMs} ms`,
      });
    }, timeoutMs);
    const request: ThreadRequest = { id: this.#nextId++, input: job.input };
    thread.worker.postMessage(request);
  }

  #start(): Thread | null {
    if (this.#threads.size >= this.#options.threads) return null;
    const { modelFolder, keepsVectors = true, heapMegabytes, script = SCRIPT } = this.#options;
    const worker = new Worker(script, {
      workerData: { modelFolder, keepsVectors },
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    const thread: Thread = { worker, job: null, timer: null };
    worker.on('message', (response: ThreadResponse) => {
      if ('step' in response) thread.job?.onStep(response.step);
      else this.#finish(thread, response.prepared);
    });
    worker.on('error', (error) => this.#crash(thread, error.message));
    worker.on('exit', (code) => this.#crash(thread, `it ended its thread with exit code ${code}`));
    this.#threads.add(thread);
    worker.unref();
    return thread;
  }

  #finish(thread: Thread, prepared: PreparedItem): void {
    const { job } = thread;
    this.#clear(thread);
    thread.worker.unref();
    job?.resolve(prepared);
    this.#dispatch();
  }

  #crash(thread: Thread, cause: string): void {
    const name = thread.job?.input.name ?? '';
    this.#fail(thread, { code: 'document_crashes', reason: `${name} could not be parsed: ${cause}` });
  }

  /** The thread cannot be trusted any more: its item fails, and a new thread takes its place. */
  #fail(
    thread: Thread,
    problem: { readonly code: 'document_timeout' | 'document_crashes'; readonly reason: string },
  ): void {
    if (!this.#threads.delete(thread)) return;
    const { job } = thread;
    this.#clear(thread);
    void thread.worker.terminate();
    job?.resolve({
      format: null,
      contentHash: 'bytes' in job.input ? sha256Hex(job.input.bytes) : '',
      documents: [],
      problems: [{ recordKey: null, ...problem }],
    });
    this.#dispatch();
  }

  #clear(thread: Thread): void {
    if (thread.timer !== null) clearTimeout(thread.timer);
    thread.timer = null;
    thread.job = null;
  }
}
