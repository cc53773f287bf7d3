import type { Catalog } from '../core/documents/catalog.ts';
import type { DocumentProblem } from '../core/documents/document.ts';
import type { Scope, VersionId } from '../core/documents/ids.ts';
import type { JobQueue } from '../core/ingest/job-queue.ts';
import { PRIORITY, type DocumentTask, type ListingTask, type Step, type Task } from '../core/ingest/job.ts';
import type { ChunkIndex } from '../core/retrieval/chunk-index.ts';
import { HoldfastError } from '../core/errors.ts';
import type { ByteBudget } from '../lib/byte-budget.ts';
import type { Clock } from '../lib/clock.ts';
import { freeBytes } from '../lib/free-bytes.ts';
import { createWaker } from '../lib/waker.ts';
import { requireFound, type Committer } from './committer.ts';
import type { Observe } from './observe.ts';
import { failureOf, retryInMs } from './outcome.ts';
import { failedWrite, type TakeIn } from './take-in.ts';

export interface WorkerDependencies {
  readonly queue: JobQueue;
  readonly catalog: Pick<Catalog, 'knownItems' | 'getDocument'>;
  readonly index: Pick<ChunkIndex, 'missing' | 'snapshot'>;
  readonly takeIn: TakeIn;
  readonly listSource: (task: ListingTask, onListed: () => void, signal: AbortSignal) => Promise<void>;
  readonly committer: Committer;
  /** Stores the bytes of a prepared item, durably. The commit makes sure of it, and waits less. */
  readonly storeOriginal: (hash: string, bytes: Uint8Array) => Promise<void>;
  /** Lets go of originals that nothing refers to. */
  readonly releaseOriginal: (contentHash: string) => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Rejects when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly limits: WorkerLimits;
  /** For the bytes of documents from when they are fetched until they are committed. */
  readonly room: ByteBudget;
  /** Called once nothing is held any more of a document that has taken much memory. */
  readonly collectGarbage: () => void;
  readonly observe: Observe;
  /** Something about a job has changed. */
  readonly onChange: () => void;
  /** A try has failed, or the queue itself did. `retryInMs` null: for good. */
  readonly onFailure: (failure: WorkerFailure) => void;
}

export interface WorkerLimits {
  /** Documents that are fetched, parsed, split and embedded at the same time. */
  readonly parallel: number;
  /** When they have more bytes than this together, no others are begun. */
  readonly parallelBytes: number;
  /** Tasks that are taken at once, when there is room for all of them. Their bytes count once they are begun. */
  readonly claim: number;
  /** Documents that wait to be committed: when there are more, no others are begun. */
  readonly uncommitted: number;
  readonly leaseMs: number;
}

export interface WorkerFailure {
  readonly item: string | null;
  readonly problem: DocumentProblem;
  readonly retryInMs: number | null;
}

/** Takes tasks and works on them. Disposing it puts back what it has not finished. */
export interface Worker extends AsyncDisposable {
  /** Says that there may be work. */
  wake(): void;
}

/** Puts back what the process before this one left, and begins to work. */
export async function startWorker(dependencies: WorkerDependencies): Promise<Worker> {
  await dependencies.queue.recover('all');
  const loop = new WorkLoop(dependencies);
  const done = loop.run();
  return {
    wake: () => loop.wake(),
    async [Symbol.asyncDispose]() {
      loop.stop();
      await done;
    },
  };
}

interface Held {
  readonly task: Task;
  readonly abort: AbortController;
  step: Step;
  /** True once nothing is left but to commit it. */
  isPrepared: boolean;
}

const TICK_MS = 1000;
const KEPT_JOBS = 1000;
const LEFT_PER_TURN = 100;
/** So small that even `uncommitted` documents are little. */
const SMALL_BYTES = 256 * 1024;
/** A document of so many chunks leaves enough garbage to be worth the time that collecting it takes. */
const MANY_CHUNKS = 4096;
const NO_ROOM: Disposable = { [Symbol.dispose]: () => undefined };

class WorkLoop {
  readonly #dependencies: WorkerDependencies;
  readonly #stopping = new AbortController();
  readonly #held = new Map<number, Held>();
  readonly #running = new Set<Promise<void>>();
  /** Collections whose index has grown by an import since it was saved. */
  readonly #unsaved = new Map<string, Scope>();
  readonly #waker = createWaker();
  #waitForRoom = 0;

  constructor(dependencies: WorkerDependencies) {
    this.#dependencies = dependencies;
  }

  wake(): void {
    this.#waker.wake();
  }

  stop(): void {
    const stopped = new HoldfastError('shutting_down', 'the worker is being stopped');
    this.#stopping.abort(stopped);
    for (const { abort } of this.#held.values()) abort.abort(stopped);
    this.#dependencies.committer.flush();
    this.#waker.wake();
  }

  async run(): Promise<void> {
    const beating = this.#beat();
    while (!this.#stopping.signal.aborted) {
      this.#waker.rearm();
      const hasBegun = await this.#begin();
      if (!hasBegun) await this.#rest();
    }
    await Promise.all(this.#running);
    await beating;
    await this.#attempt(async () => this.#dependencies.queue.release([...this.#held.values()].map(leaseOf)));
  }

  /** Takes as much as there is room for; false when there is no room or no work. */
  async #begin(): Promise<boolean> {
    const { queue, limits, observe } = this.#dependencies;
    const held = [...this.#held.values()];
    if (held.some(({ task }) => task.isAlone)) return false;
    const limit = this.#room(held);
    if (limit <= 0) return false;
    const tasks = await this.#attempt(async () =>
      queue.claim({ limit, isIdle: held.length === 0, leaseMs: limits.leaseMs }),
    );
    if (tasks === null || tasks.length === 0) return false;
    observe('claim', 'after');
    for (const task of tasks) this.#start(task);
    return true;
  }

  /** For how many more tasks. */
  #room(held: readonly Held[]): number {
    const { parallel, parallelBytes, uncommitted, claim } = this.#dependencies.limits;
    const preparing = held.filter(({ isPrepared }) => !isPrepared);
    const bytes = preparing.reduce((sum, { task }) => sum + ('sizeBytes' in task ? task.sizeBytes : 0), 0);
    if (bytes > parallelBytes) return 0;
    const room = Math.min(parallel - preparing.length, uncommitted - held.length);
    // Several at once: each claim is a transaction.
    return room < claim ? 0 : claim;
  }

  /** Less is on its way than before: worth a look once a claim fits in. */
  #wakeForRoom(): void {
    if (this.#held.size === 0 || this.#room([...this.#held.values()]) > 0) this.wake();
  }

  #start(task: Task): void {
    const held: Held = { task, abort: new AbortController(), step: 'fetch', isPrepared: false };
    this.#held.set(task.task, held);
    const work: Promise<void> = this.#work(held).finally(() => {
      this.#running.delete(work);
      this.#dependencies.onChange();
      this.#wakeForRoom();
    });
    this.#running.add(work);
  }

  async #work(held: Held): Promise<void> {
    const { task } = held;
    try {
      if (task.kind === 'listing')
        await this.#dependencies.listSource(task, () => this.wake(), held.abort.signal);
      else if ((await this.#takeIn(task, held)) >= MANY_CHUNKS) this.#dependencies.collectGarbage();
    } catch (error) {
      // Put back when the loop ends.
      if (this.#stopping.signal.aborted) return;
      if (!held.abort.signal.aborted) await this.#fail(task, error);
    }
    this.#held.delete(task.task);
    if (task.priority === PRIORITY.bulk) this.#unsaved.set(JSON.stringify(task.scope), task.scope);
    if (!this.#hasUnprepared()) this.#dependencies.committer.flush();
    if (this.#held.size === 0) this.#save();
  }

  /** After an import, so that the next start is fast. */
  #save(): void {
    const scopes = [...this.#unsaved.values()];
    this.#unsaved.clear();
    for (const scope of scopes) {
      const saving: Promise<void> = this.#attempt(async () => this.#dependencies.index.snapshot(scope)).then(
        () => void this.#running.delete(saving),
      );
      this.#running.add(saving);
    }
  }

  /** The number of its chunks. */
  async #takeIn(task: DocumentTask, held: Held): Promise<number> {
    const { takeIn, queue, index } = this.#dependencies;
    if (task.isCommitted) {
      await requireFound(task.scope, await this.#versionsOf(task), index);
      await queue.finish([task]);
      return 0;
    }
    using _room = await this.#roomFor(task, held.abort.signal);
    const taken = await takeIn(task, (step) => this.#onStep(held, step), held.abort.signal);
    held.isPrepared = true;
    this.#wakeForRoom();
    try {
      await this.#commit(task, taken);
    } finally {
      if (taken.write !== null && 'prepared' in taken.write) freeBytes(taken.write.input.bytes);
    }
    return taken.chunks;
  }

  /** Small documents never wait for large ones; what has the room waits for nobody else to join its commit. */
  async #roomFor({ sizeBytes }: DocumentTask, signal: AbortSignal): Promise<Disposable> {
    const { room, committer } = this.#dependencies;
    if (sizeBytes <= SMALL_BYTES) return NO_ROOM;
    if (room.hasRoom(sizeBytes)) return room.take(sizeBytes, signal);
    this.#waitForRoom++;
    try {
      committer.flush();
      return await room.take(sizeBytes, signal);
    } finally {
      this.#waitForRoom--;
    }
  }

  async #commit(task: DocumentTask, taken: Awaited<ReturnType<TakeIn>>): Promise<void> {
    const { committer, storeOriginal } = this.#dependencies;
    const { write } = taken;
    if (write !== null && 'prepared' in write)
      await storeOriginal(write.prepared.contentHash, write.input.bytes);
    const isUrgent =
      task.priority === PRIORITY.interactive || this.#waitForRoom > 0 || !this.#hasUnprepared();
    await committer.commit(task.scope, taken, { isUrgent });
  }

  #hasUnprepared(): boolean {
    return [...this.#held.values()].some(({ task, isPrepared }) => task.kind === 'document' && !isPrepared);
  }

  #onStep(held: Held, step: Step): void {
    this.#dependencies.observe(step, 'before');
    held.step = step;
  }

  async #versionsOf({ scope, origin, item }: DocumentTask): Promise<readonly VersionId[]> {
    const { catalog } = this.#dependencies;
    const known = (await catalog.knownItems(scope, origin, item)).find((one) => one.item === item);
    const records = await Promise.all(
      (known?.documents ?? []).map(async ({ id }) => catalog.getDocument(scope, id)),
    );
    return records.flatMap((record) => record?.version ?? []);
  }

  /** Later again, or for good. When not even that can be written the lease runs out by itself. */
  async #fail(task: Task, error: unknown): Promise<void> {
    const { queue, clock, random, committer, onFailure } = this.#dependencies;
    const { kind, problem } = failureOf(error);
    const item = task.kind === 'document' ? task.item : null;
    if (kind === 'transient' || problem.code === 'document_crashes') {
      const delay = retryInMs(task.tries, random);
      onFailure({ item, problem, retryInMs: delay });
      await this.#attempt(async () => queue.retryLater(task, clock.now() + delay, problem));
      return;
    }
    onFailure({ item, problem, retryInMs: null });
    if (problem.code === 'collection_not_found') return;
    if (task.kind === 'listing') await this.#attempt(async () => queue.endListing(task, problem));
    else
      await this.#attempt(async () =>
        committer.commit(task.scope, failedWrite(task, problem), { isUrgent: true }),
      );
  }

  /** Sleeps until it is woken, or the next task is due. */
  async #rest(): Promise<void> {
    const { wait } = this.#dependencies;
    await this.#waker.sleep(async (over) => Promise.race([wait(TICK_MS, over), this.#untilDue(over)]));
  }

  async #untilDue(signal: AbortSignal): Promise<void> {
    const { queue, clock, wait } = this.#dependencies;
    const due = await this.#attempt(async () => queue.nextDue());
    const inMs = due === null ? TICK_MS : due - clock.now();
    // What is due and was not given waits for something else, which wakes the loop.
    await wait(inMs <= 0 ? TICK_MS : Math.min(inMs, TICK_MS), signal);
  }

  /** Keeps the leases, shows the steps, and puts back what others have left. */
  async #beat(): Promise<void> {
    const { wait } = this.#dependencies;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await wait(TICK_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#attempt(async () => this.#keepLeases());
      await this.#attempt(async () => this.#tidyUp());
    }
  }

  async #keepLeases(): Promise<void> {
    const { queue, limits, onChange } = this.#dependencies;
    const held = [...this.#held.values()];
    if (held.length > 0) {
      const lost = await queue.heartbeat(
        held.map(({ task, step }) => ({ ...leaseOf({ task }), step })),
        limits.leaseMs,
      );
      for (const key of lost)
        this.#held.get(key)?.abort.abort(new HoldfastError('job_cancelled', 'the lease is lost'));
    }
    if ((await queue.recover('expired')) > 0) this.wake();
    if (held.length > 0) onChange();
  }

  async #tidyUp(): Promise<void> {
    const { queue, releaseOriginal } = this.#dependencies;
    const left = await queue.leftContent(LEFT_PER_TURN);
    for (const hash of left) await releaseOriginal(hash);
    if (left.length > 0) await queue.forgetContent(left);
    await queue.prune(KEPT_JOBS);
  }

  /** Null when it fails: the queue is asked again later. */
  async #attempt<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.#dependencies.onFailure({ item: null, problem: failureOf(error).problem, retryInMs: TICK_MS });
      return null;
    }
  }
}

function leaseOf({ task }: { readonly task: Task }): { readonly task: number; readonly token: string } {
  return { task: task.task, token: task.token };
}
