import { join } from 'node:path';
import type { Catalog } from '../../core/documents/catalog.ts';
import type { Scope } from '../../core/documents/ids.ts';
import type { LexicalConstants } from '../../engine/lexical/constants.ts';
import { Partition, type StoredPartition } from '../../engine/partition.ts';
import type { Clock } from '../../lib/clock.ts';
import { freeBytes } from '../../lib/free-bytes.ts';
import { sha256Hex } from '../../lib/hash.ts';
import type { Logger } from '../../lib/logger.ts';
import { createMutex, type Mutex } from '../../lib/mutex.ts';
import { timeSlices, type TimeSlices } from '../../lib/time-slices.ts';
import { readSnapshot, removeSnapshot, writeSnapshot } from './snapshot-file.ts';
import { toDocumentInput, toEncodedPassages } from './translate.ts';

/** What the index reads of the catalog to build itself. */
export type IndexSource = Pick<
  Catalog,
  'pin' | 'versionsSince' | 'removedSince' | 'lastSequence' | 'pruneRemovals' | 'encodings'
>;

export interface PartitionStoreOptions {
  /** Folder for snapshots. */
  readonly folder: string;
  readonly dimensions: number;
  /** The second model, whose vectors are read from the catalog on every load. */
  readonly encoderModel?: string;
  readonly constants: LexicalConstants;
  /** A snapshot with another one is not used. */
  readonly fingerprint: string;
  readonly source: IndexSource;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Aborts when the index is closed: what is being built is given up. */
  readonly closing: AbortSignal;
}

/** A partition in memory with the catalog sequence number that it covers. */
export interface LoadedPartition {
  partition: Partition;
  sequence: number;
  /** Sequence number of the snapshot on disk, -1 when there is none. */
  snapshotSequence: number;
  /** Larger is later. */
  lastUsed: number;
  /** A search failed in it: it is not saved, and another one is built. */
  isDamaged: boolean;
}

/** The place of one collection's partition, loaded or not. */
export interface PartitionSlot {
  readonly scope: Scope;
  readonly path: string;
  /** Held while the partition is loaded, changed, saved or dropped. */
  readonly mutex: Mutex;
  loaded: LoadedPartition | null;
}

const REBUILD_ABOVE_WASTE = 0.3;
const REBUILD_ABOVE_PASSAGES = 1000;

/** Brings partitions from disk or catalog into memory and back. Callers hold the slot's mutex. */
export interface PartitionStore {
  slot(scope: Scope): PartitionSlot;
  /**
   * From the snapshot and newer rows, or from the catalog alone when the snapshot is missing or damaged. `onSlow` is
   * called once when that takes more than a moment.
   */
  load(slot: PartitionSlot, onSlow: () => void): Promise<LoadedPartition>;
  /** From the catalog alone. */
  build(slot: PartitionSlot): Promise<LoadedPartition>;
  /** Writes the snapshot. A disk that is full costs the next start some time, and nothing else. */
  save(slot: PartitionSlot): Promise<void>;
  /** Builds the partition anew when removed documents take much of it. */
  rebuildIfWasteful(slot: PartitionSlot): Promise<void>;
  /** Unloads a partition that misses a change, or has half of one: the next use builds it from the catalog. */
  unloadIfBehind(slot: PartitionSlot): Promise<void>;
  drop(slot: PartitionSlot): Promise<void>;
  slots(): readonly PartitionSlot[];
}

export function partitionStore(options: PartitionStoreOptions): PartitionStore {
  const slots = new Map<string, PartitionSlot>();
  return {
    slot: (scope) => slotOf(slots, options.source.pin(scope), options.folder),
    load: async (slot, onSlow) =>
      catchUp(slot.scope, (await fromSnapshot(slot, options)) ?? nothing(options), { options, onSlow }),
    build: async (slot) => catchUp(slot.scope, nothing(options), { options }),
    save: async (slot) => save(slot, options),
    rebuildIfWasteful: async (slot) => {
      const partition = slot.loaded?.partition;
      if (partition === undefined || partition.wasted < REBUILD_ABOVE_WASTE) return;
      if (partition.passageCount < REBUILD_ABOVE_PASSAGES && partition.wasted < 0.9) return;
      const lastUsed = slot.loaded?.lastUsed ?? 0;
      slot.loaded = { ...(await catchUp(slot.scope, nothing(options), { options })), lastUsed };
    },
    async unloadIfBehind(slot) {
      if (slot.loaded?.sequence !== (await options.source.lastSequence(slot.scope))) slot.loaded = null;
    },
    async drop(slot) {
      slot.loaded = null;
      await removeSnapshot(slot.path);
    },
    slots: () => [...slots.values()],
  };
}

function slotOf(slots: Map<string, PartitionSlot>, scope: Scope, folder: string): PartitionSlot {
  const key = JSON.stringify([scope.tenant, scope.collection]);
  let slot = slots.get(key);
  if (slot === undefined) {
    const path = join(folder, `${sha256Hex(key).slice(0, 32)}.index`);
    slot = { scope, path, mutex: createMutex(), loaded: null };
    slots.set(key, slot);
  }
  return slot;
}

function nothing({ dimensions, constants }: PartitionStoreOptions): LoadedPartition {
  return {
    partition: new Partition({ dimensions, constants }),
    sequence: 0,
    snapshotSequence: -1,
    lastUsed: 0,
    isDamaged: false,
  };
}

async function fromSnapshot(
  slot: PartitionSlot,
  options: PartitionStoreOptions,
): Promise<LoadedPartition | null> {
  try {
    const stored = await readSnapshot(slot.path);
    if (stored === null) return null;
    if (stored.info.fingerprint !== options.fingerprint) {
      options.logger.info('index_snapshot_outdated', { ...slot.scope });
      return null;
    }
    const { dimensions, constants } = options;
    const { sequence } = stored.info;
    return {
      partition: new Partition({ dimensions, constants }, stored.partition),
      sequence,
      snapshotSequence: sequence,
      lastUsed: 0,
      isDamaged: false,
    };
  } catch (error) {
    options.logger.warn('index_snapshot_damaged', {
      ...slot.scope,
      path: slot.path,
      error,
      action: 'rebuilding from the catalog',
    });
    return null;
  }
}

/** So long may searches have to wait while a partition is built, changed or saved. */
export const SLICE_MS = 3;

/** More passages than this take longer than a question should wait: about a fifth of a second. */
const SLOW_ABOVE_PASSAGES = 1000;

interface CatchingUp {
  readonly options: PartitionStoreOptions;
  readonly onSlow?: () => void;
}

/** Applies what the catalog changed since; see the port `Catalog` for the order. */
async function catchUp(
  scope: Scope,
  from: LoadedPartition,
  { options, onSlow }: CatchingUp,
): Promise<LoadedPartition> {
  const { source, clock, closing } = options;
  const sequence = await source.lastSequence(scope);
  // A snapshot that is newer than the catalog belongs to a catalog that was since put back to an older state.
  const removed = from.sequence > sequence ? null : await source.removedSince(scope, from.sequence);
  const base = removed === null ? nothing(options) : from;
  for (const version of removed ?? []) base.partition.remove(version);
  const slices = timeSlices({ clock, sliceMs: SLICE_MS, signal: closing });
  let passages = 0;
  for await (const version of source.versionsSince(scope, base.sequence)) {
    passages += version.chunks.length;
    if (passages > SLOW_ABOVE_PASSAGES) onSlow?.();
    await slices.run(base.partition.adding(toDocumentInput(version)));
  }
  await loadEncodings(scope, base.partition, { options, slices });
  return { ...base, sequence };
}

async function loadEncodings(
  scope: Scope,
  partition: Partition,
  {
    options: { source, encoderModel },
    slices,
  }: { readonly options: PartitionStoreOptions; readonly slices: TimeSlices },
): Promise<void> {
  if (encoderModel === undefined) return;
  for await (const row of source.encodings(scope, encoderModel)) {
    partition.encode(toEncodedPassages([row]));
    if (slices.isOver()) await slices.rest();
  }
}

async function save(slot: PartitionSlot, options: PartitionStoreOptions): Promise<void> {
  const { loaded } = slot;
  if (loaded === null || loaded.snapshotSequence === loaded.sequence) return;
  if (loaded.isDamaged) return removeSnapshot(slot.path);
  const { sequence } = loaded;
  const slices = timeSlices({ clock: options.clock, sliceMs: SLICE_MS });
  let partition: StoredPartition | null = null;
  try {
    partition = await slices.run(loaded.partition.storing());
    const info = { fingerprint: options.fingerprint, sequence };
    await writeSnapshot(slot.path, { info, partition }, slices);
    loaded.snapshotSequence = sequence;
    await options.source.pruneRemovals(slot.scope, sequence);
  } catch (error) {
    options.logger.warn('index_snapshot_failed', {
      ...slot.scope,
      error,
      effect: 'the next start reads the catalog instead',
    });
  } finally {
    // These are copies.
    if (partition !== null) {
      freeBytes(partition.lexical.postings.pool);
      freeBytes(partition.dense.vectors);
    }
  }
}
