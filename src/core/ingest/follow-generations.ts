import type { GenerationRecord } from '../documents/generations.ts';
import { HoldfastError } from '../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { createMutex, type Mutex } from '../../lib/mutex.ts';
import { createWaker } from '../../lib/waker.ts';
import { isServed } from '../retrieval/dense-recall.ts';
import { compareGenerations, type CompareDependencies } from './compare-generations.ts';
import { followStep, type FollowStepDependencies, type Locked } from './follow-step.ts';

export interface FollowDependencies extends FollowStepDependencies, CompareDependencies {
  readonly catalog: FollowStepDependencies['catalog'];
  readonly clock: Clock;
  /** One writer at a time. */
  readonly mutex: Mutex;
  /** Name of the second embedding model, which must have seen a generation before that is ready; null: none. */
  readonly encoderModel: string | null;
  /** How long a generation that has served is kept. */
  readonly rollbackMs: number;
  /** Rejects when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told when a generation has new passages. */
  readonly onFollowed: () => void;
  readonly onFailure: (error: unknown, generation: GenerationRecord | null) => void;
}

/** Keeps generations that do not serve in step with those that do. Disposing it stops after the step under way. */
export interface Follow extends AsyncDisposable {
  /** Says that there may be something to take over. */
  wake(): void;
  /** Brings one generation to the end, and then does `work` while nobody writes. */
  caughtUp<T>(generation: GenerationRecord, work: () => Promise<T>): Promise<T>;
  /** @throws HoldfastError `generation_serves`. */
  drop(generation: GenerationRecord): Promise<void>;
}

const IDLE_MS = 30_000;
const ENCODER_MS = 1000;

/** Starts to follow. What is stored stays, so that a restart goes on where it was. */
export function createFollow(dependencies: FollowDependencies): Follow {
  const follower = new Follower(dependencies);
  const done = follower.run();
  return {
    wake: () => follower.wake(),
    caughtUp: async (generation, work) => follower.caughtUp(generation, work),
    drop: async (generation) => follower.drop(generation),
    async [Symbol.asyncDispose]() {
      follower.stop();
      await done;
    },
  };
}

class Follower {
  readonly #dependencies: FollowDependencies;
  readonly #stopping = new AbortController();
  /** One step, switch or deletion at a time. */
  readonly #turn = createMutex();
  readonly #waker = createWaker();

  constructor(dependencies: FollowDependencies) {
    this.#dependencies = dependencies;
  }

  wake(): void {
    this.#waker.wake();
  }

  stop(): void {
    this.#stopping.abort();
    this.#waker.wake();
  }

  async run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#waker.rearm();
      const waitMs = await this.#round();
      if (waitMs > 0 && !signal.aborted)
        await this.#waker.sleep(async (over) => this.#dependencies.wait(waitMs, over));
    }
  }

  async caughtUp<T>(generation: GenerationRecord, work: () => Promise<T>): Promise<T> {
    const { mutex } = this.#dependencies;
    return this.#turn.run(async () => {
      while (!(await this.#step(generation, async (write) => mutex.run(write)))) continue;
      return mutex.run(async () => {
        while (!(await this.#step(generation, async (write) => write()))) continue;
        return work();
      });
    });
  }

  async drop(generation: GenerationRecord): Promise<void> {
    const { catalog, index, blobs, mutex } = this.#dependencies;
    await this.#turn.run(async () =>
      mutex.run(async () => {
        this.#requireUnused(generation);
        const { orphanedContent } = await catalog.deleteCollection(generation.scope);
        await index.drop(generation.scope);
        for (const hash of orphanedContent) await blobs.delete(hash);
      }),
    );
  }

  #requireUnused({ key, scope, collection }: GenerationRecord): void {
    if (this.#dependencies.catalog.pin(collection).collection !== scope.collection) return;
    throw new HoldfastError('generation_serves', `generation ${key} serves "${collection.collection}"`);
  }

  /** One step of each generation; how long there is nothing to do after it. */
  async #round(): Promise<number> {
    const { catalog, onFailure } = this.#dependencies;
    const waits = [IDLE_MS];
    let current: GenerationRecord | null = null;
    try {
      for (const generation of await catalog.generations(null)) {
        if (this.#stopping.signal.aborted) return 0;
        current = generation;
        if (generation.state !== 'live') waits.push(await this.#advance(generation));
      }
    } catch (error) {
      if (this.#stopping.signal.aborted) return 0;
      // A collection that was deleted meanwhile has no generations in the next round.
      if (error instanceof HoldfastError && error.code === 'collection_not_found') return ENCODER_MS;
      onFailure(error, current);
      await this.#note(current, error);
      return IDLE_MS;
    }
    return Math.min(...waits);
  }

  async #note(generation: GenerationRecord | null, error: unknown): Promise<void> {
    const { catalog, onFailure } = this.#dependencies;
    if (generation === null) return;
    const problem = error instanceof Error ? error.message : String(error);
    await catalog
      .describeGeneration(generation.scope, { problem })
      .catch((failure: unknown) => onFailure(failure, generation));
  }

  async #advance(generation: GenerationRecord): Promise<number> {
    const { clock, rollbackMs, mutex, onFollowed } = this.#dependencies;
    if (generation.retiredAt !== null && clock.now() >= Date.parse(generation.retiredAt) + rollbackMs) {
      await this.drop(generation);
      return 0;
    }
    const isLast = await this.#turn.run(async () =>
      this.#step(generation, async (write) => mutex.run(write)),
    );
    onFollowed();
    if (!isLast) return 0;
    if (generation.state !== 'filling') return IDLE_MS;
    return this.#complete(generation);
  }

  async #complete(generation: GenerationRecord): Promise<number> {
    const { catalog, encoderModel } = this.#dependencies;
    const { signal } = this.#stopping;
    const { scope, collection, questions, embedder } = generation;
    if (encoderModel !== null && embedder === null) {
      if (!isServed(await catalog.encodingProgress(scope, encoderModel))) return ENCODER_MS;
    }
    const live = catalog.pin(collection);
    const report = await compareGenerations(
      { live, candidate: scope, questions },
      this.#dependencies,
      signal,
    );
    await catalog.describeGeneration(scope, { state: 'ready', report });
    return IDLE_MS;
  }

  /** A generation that has gone live meanwhile does not follow itself. */
  async #step(generation: GenerationRecord, locked: Locked): Promise<boolean> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    if (this.#dependencies.catalog.pin(generation.collection).collection === generation.scope.collection)
      return true;
    return followStep(generation, this.#dependencies, { locked, signal });
  }
}
