import { publicName, type Scope } from '../../core/documents/ids.ts';
import { MisfitError } from '../../engine/dense/dense-index.ts';
import type { Partition } from '../../engine/partition.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { LoadedPartition, PartitionSlot, PartitionStore } from './partition-store.ts';

export interface OpenPartitionsParts {
  readonly store: PartitionStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after one was loaded. */
  readonly onLoaded: () => Promise<void>;
}

/** Between two tries to build a partition that cannot be built. */
const RETRY_AFTER_MS = 10_000;
/** Between two repairs of one partition: a search that always fails must not rebuild it all the time. */
const REPAIR_AFTER_MS = 60_000;

interface Building {
  readonly done: Promise<LoadedPartition>;
  /** As `done`, but rejects when it takes more than a moment. */
  readonly soon: Promise<LoadedPartition>;
}

/** Partitions as searches and writes get at them. Each is built once at a time, whoever asks for it. */
export class OpenPartitions {
  readonly #parts: OpenPartitionsParts;
  readonly #building = new Map<PartitionSlot, Building>();
  readonly #failed = new Map<PartitionSlot, { readonly at: number; readonly error: unknown }>();
  readonly #repaired = new Map<PartitionSlot, number>();
  #uses = 0;

  constructor(parts: OpenPartitionsParts) {
    this.#parts = parts;
  }

  /** Waits until it is loaded or built, however long that takes. */
  async whole(scope: Scope): Promise<LoadedPartition> {
    const slot = this.#parts.store.slot(scope);
    return this.#used(slot.loaded ?? (await (this.#building.get(slot) ?? this.#begin(slot)).done));
  }

  /**
   * Searches the partition. @throws when it is being built and that takes more than a moment, when it could not be
   * built a moment ago, or when the search fails in it; another one is then built in the background.
   */
  async search<T>(scope: Scope, work: (partition: Partition) => T): Promise<T> {
    const slot = this.#parts.store.slot(scope);
    const loaded = this.#used(slot.loaded ?? (await this.#soon(slot)));
    try {
      return work(loaded.partition);
    } catch (error) {
      if (!(error instanceof MisfitError)) this.#repair(slot, loaded, error);
      throw error;
    }
  }

  #used(loaded: LoadedPartition): LoadedPartition {
    loaded.lastUsed = ++this.#uses;
    return loaded;
  }

  async #soon(slot: PartitionSlot): Promise<LoadedPartition> {
    const trouble = this.#failed.get(slot);
    if (trouble !== undefined && this.#parts.clock.monotonic() - trouble.at < RETRY_AFTER_MS)
      throw trouble.error;
    return (this.#building.get(slot) ?? this.#begin(slot)).soon;
  }

  #begin(slot: PartitionSlot): Building {
    const slow = Promise.withResolvers<never>();
    const onSlow = (): void =>
      slow.reject(new Error(`the index of "${publicName(slot.scope.collection)}" is being built`));
    const done = this.#load(slot, onSlow);
    done.then(
      () => this.#failed.delete(slot),
      (error: unknown) => {
        this.#failed.set(slot, { at: this.#parts.clock.monotonic(), error });
        this.#lost(slot, error);
      },
    );
    const soon = Promise.race([done, slow.promise]);
    // Whoever asked may have gone.
    soon.catch(() => undefined);
    const begun = { done, soon };
    this.#building.set(slot, begun);
    return begun;
  }

  async #load(slot: PartitionSlot, onSlow: () => void): Promise<LoadedPartition> {
    const { store, onLoaded } = this.#parts;
    try {
      const loaded = await slot.mutex.run(
        async () => (slot.loaded ??= this.#used(await store.load(slot, onSlow))),
      );
      await onLoaded();
      return loaded;
    } finally {
      this.#building.delete(slot);
    }
  }

  #repair(slot: PartitionSlot, damaged: LoadedPartition, error: unknown): void {
    const { store, clock, logger, onLoaded } = this.#parts;
    damaged.isDamaged = true;
    const now = clock.monotonic();
    const last = this.#repaired.get(slot) ?? Number.NEGATIVE_INFINITY;
    if (slot.loaded !== damaged || now - last < REPAIR_AFTER_MS) return;
    this.#repaired.set(slot, now);
    logger.warn('index_partition_damaged', { ...slot.scope, error, action: 'rebuilding from the catalog' });
    const built = slot.mutex.run(async () => {
      slot.loaded = this.#used(await store.build(slot));
      logger.info('index_partition_rebuilt', { ...slot.scope });
    });
    built.then(onLoaded).catch((cause: unknown) => this.#lost(slot, cause));
  }

  #lost(slot: PartitionSlot, error: unknown): void {
    const effect = 'searches read the catalog instead';
    this.#parts.logger.warn('index_partition_lost', { ...slot.scope, error, effect });
  }
}
