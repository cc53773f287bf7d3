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
  /** In the order in which it works on them: the first is the one that it has now. */
  readonly jobs: Job[];
  /** Of the first one. */
  timer: NodeJS.Timeout | null;
  /** What it threw before it ended. */
  error: Error | null;
}

/** So many items lie ready in a thread, so that it never waits for the thread that serves searches. */
const AHEAD = 8;
/** Large ones do not: each takes the thread long enough, and memory. */
const AHEAD_BYTES = 2 ** 18;

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
    for (const thread of this.#threads) for (const job of this.#clear(thread)) job.reject(stopping());
    await Promise.all([...this.#threads].map(async ({ worker }) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle() ?? this.#start() ?? this.#withRoom();
      if (thread === null) return;
      const job = this.#waiting.shift();
      if (job === undefined) return;
      if (job.signal.aborted) job.reject(job.signal.reason);
      else this.#send(thread, job);
    }
  }

  #idle(): Thread | null {
    return [...this.#threads].find(({ jobs }) => jobs.length === 0) ?? null;
  }

  /** The thread with the least to do that may have the next item lie ready. */
  #withRoom(): Thread | null {
    const [next] = this.#waiting;
    if (next === undefined) return null;
    const [thread] = [...this.#threads].toSorted((a, b) => a.jobs.length - b.jobs.length);
    if (thread === undefined || thread.jobs.length >= AHEAD) return null;
    const bytes = thread.jobs.reduce((sum, { input }) => sum + sizeOf(input), sizeOf(next.input));
    return bytes <= AHEAD_BYTES ? thread : null;
  }

  #send(thread: Thread, job: Job): void {
    thread.jobs.push(job);
    if (thread.jobs.length === 1) {
      thread.worker.ref();
      this.#begin(thread, job);
    }
    const request: ThreadRequest = { id: this.#nextId++, input: job.input };
    thread.worker.postMessage(request);
  }

  /** The thread has come to this item. */
  #begin(thread: Thread, { input }: Job): void {
    const { timeoutMs } = this.#options;
    thread.timer = setTimeout(() => {
      this.#fail(thread, {
        code: 'document_timeout',
        reason: `${input.name} was not parsed within ${timeoutMs} ms`,
      });
    }, timeoutMs);
  }

  #start(): Thread | null {
    if (this.#threads.size >= this.#options.threads) return null;
    const { modelFolder, keepsVectors = true, heapMegabytes, script = SCRIPT } = this.#options;
    const worker = new Worker(script, {
      workerData: { modelFolder, keepsVectors },
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    const thread: Thread = { worker, jobs: [], timer: null, error: null };
    worker.on('message', (response: ThreadResponse) => {
      if ('step' in response) thread.jobs[0]?.onStep(response.step);
      else this.#finish(thread, response);
    });
    // Its end follows, after the answers that it gave before.
    worker.on('error', (error) => (thread.error = error));
    worker.on('exit', (code) => this.#crash(thread, code));
    this.#threads.add(thread);
    worker.unref();
    return thread;
  }

  #finish(thread: Thread, { prepared, steps = [] }: Extract<ThreadResponse, { prepared: unknown }>): void {
    const job = thread.jobs.shift();
    for (const step of steps) job?.onStep(step);
    if (thread.timer !== null) clearTimeout(thread.timer);
    thread.timer = null;
    const [next] = thread.jobs;
    if (next === undefined) thread.worker.unref();
    else this.#begin(thread, next);
    job?.resolve(prepared);
    this.#dispatch();
  }

  #crash(thread: Thread, exitCode: number): void {
    const name = thread.jobs[0]?.input.name ?? '';
    const cause = thread.error?.message ?? `it ended its thread with exit code ${exitCode}`;
    this.#fail(thread, { code: 'document_crashes', reason: `${name} could not be parsed: ${cause}` });
  }

  /** The thread cannot be trusted any more: its item fails, and a new thread takes its place and what lay ready. */
  #fail(
    thread: Thread,
    problem: { readonly code: 'document_timeout' | 'document_crashes'; readonly reason: string },
  ): void {
    if (!this.#threads.delete(thread)) return;
    const [job, ...others] = this.#clear(thread);
    void thread.worker.terminate();
    this.#waiting.unshift(...others);
    job?.resolve({
      format: null,
      contentHash: 'bytes' in job.input ? sha256Hex(job.input.bytes) : '',
      documents: [],
      problems: [{ recordKey: null, ...problem }],
    });
    this.#dispatch();
  }

  /** Takes all items from a thread. */
  #clear(thread: Thread): Job[] {
    if (thread.timer !== null) clearTimeout(thread.timer);
    thread.timer = null;
    return thread.jobs.splice(0);
  }
}

function sizeOf(input: Job['input']): number {
  return 'bytes' in input ? input.bytes.length : input.stored.text.length;
}
