import type { IndexableVersion } from '../../core/documents/catalog.ts';
import type { Scope } from '../../core/documents/ids.ts';
import type { ChunkIndex, IndexChange } from '../../core/retrieval/chunk-index.ts';
import { LEXICAL_DEFAULTS, type LexicalConstants } from '../../engine/lexical/constants.ts';
import type { Partition } from '../../engine/partition.ts';
import { sha256Hex } from '../../lib/hash.ts';
import { systemClock, type Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { timeSlices, type TimeSlices } from '../../lib/time-slices.ts';
import { OpenPartitions } from './open-partitions.ts';
import {
  partitionStore,
  SLICE_MS,
  type IndexSource,
  type LoadedPartition,
  type PartitionSlot,
  type PartitionStore,
} from './partition-store.ts';
import { toCandidates, toConditions, toDocumentInput, toEncodedPassages, toRefs } from './translate.ts';

export interface EmbeddedIndexOptions {
  /** Folder for snapshots. */
  readonly folder: string;
  readonly dimensions: number;
  /** Names the embedding model: a snapshot of another one is not used. */
  readonly model: string;
  /** The second model whose vectors are held beside; none when it is left out. */
  readonly encoderModel?: string;
  readonly constants?: Partial<LexicalConstants>;
  /** Least used partitions leave memory above this. */
  readonly memoryBytes: number;
  readonly source: IndexSource;
  readonly logger: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** The chunk index inside the process, and what text analysis needs of it. */
export interface EmbeddedIndex extends ChunkIndex {
  partition(scope: Scope): Promise<Pick<Partition, 'queryTokens' | 'idf' | 'passageCount' | 'bytes'>>;
  /** Live documents of a collection with their numbers of chunks, to compare with the catalog. */
  documents(scope: Scope): Promise<{ readonly key: string; readonly passages: number }[]>;
}

/** Raised when analysis or the stored form changes, so that old snapshots are rebuilt. */
const FORMAT = 3;

/** One partition per collection in memory, snapshots on disk. */
export function embeddedIndex(options: EmbeddedIndexOptions): EmbeddedIndex {
  const constants = { ...LEXICAL_DEFAULTS, ...options.constants };
  const { clock = systemClock, logger, memoryBytes } = options;
  const closing = new AbortController();
  const store = partitionStore({
    ...options,
    constants,
    clock,
    fingerprint: fingerprintOf(options, constants),
    closing: closing.signal,
  });
  const onLoaded = async (): Promise<void> => makeRoom(store, memoryBytes);
  const partitions = new OpenPartitions({ store, clock, logger, onLoaded });
  const search: Search = async (scope, work) => partitions.search(scope, work);
  const exclusively = async <T>(scope: Scope, work: (slot: PartitionSlot) => Promise<T>): Promise<T> => {
    const slot = store.slot(scope);
    return slot.mutex.run(async () => work(slot));
  };
  return {
    partition: async (scope) => search(scope, (partition) => partition),
    documents: async (scope) => [...(await partitions.whole(scope)).partition.documents()],
    open: async (scope) => void (await partitions.whole(scope)),
    async apply(scope, commit) {
      // An index that cannot be built holds up no write: it holds the change once it can.
      await Promise.allSettled([partitions.whole(scope)]);
      const change = await exclusively(scope, async (slot) =>
        applied(slot, commit, { store, logger, clock }),
      );
      await makeRoom(store, memoryBytes);
      return change;
    },
    drop: async (scope) => exclusively(scope, async (slot) => store.drop(slot)),
    async missing(scope, versions) {
      await Promise.allSettled([partitions.whole(scope)]);
      const { loaded } = store.slot(scope);
      // While the index cannot be opened searches read the catalog, which holds everything.
      return loaded === null ? [] : versions.filter((version) => !loaded.partition.has(version));
    },
    sequence: (scope) => store.slot(scope).loaded?.sequence ?? 0,
    lexical: async (scope, { query, filter, limit }) =>
      search(scope, (partition) => toCandidates(partition.searchLexical(query, toConditions(filter), limit))),
    dense: async (scope, { query, filter, limit }) =>
      search(scope, (partition) => toCandidates(partition.searchDense(query, toConditions(filter), limit))),
    lexicalScores: async (scope, query, chunks) =>
      search(scope, (partition) => partition.scoreLexical(query, toRefs(chunks))),
    denseScores: async (scope, vector, chunks) =>
      search(scope, (partition) => partition.scoreDense(vector, toRefs(chunks))),
    ...encoderCalls({ encoderModel: options.encoderModel ?? null, search, exclusively }),
    snapshot: async (scope) => exclusively(scope, async (slot) => store.save(slot)),
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the index is closed'));
      for (const slot of store.slots()) await slot.mutex.run(async () => store.save(slot));
    },
  };
}

interface ApplyTools {
  readonly store: PartitionStore;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Commits, and shows the change to searches; a partition that cannot take it is built anew when it is next used. */
async function applied<Change extends IndexChange>(
  slot: PartitionSlot,
  commit: () => Promise<Change>,
  { store, logger, clock }: ApplyTools,
): Promise<Change> {
  const slices = timeSlices({ clock, sliceMs: SLICE_MS });
  let committed: Change;
  try {
    committed = await commit();
  } catch (error) {
    await store.unloadIfBehind(slot);
    throw error;
  }
  if (slot.loaded === null) return committed;
  try {
    await applyChange(slot.loaded, committed, slices);
    await store.rebuildIfWasteful(slot);
  } catch (error) {
    slot.loaded = null;
    logger.warn('index_change_failed', { ...slot.scope, error, action: 'reading the catalog instead' });
  }
  return committed;
}

type Search = <T>(scope: Scope, work: (partition: Partition) => T) => Promise<T>;

type EncoderCalls = Pick<ChunkIndex, 'addEncodings' | 'encoded' | 'denseEncoded' | 'encodedScores'>;

interface EncoderParts {
  readonly encoderModel: string | null;
  readonly search: Search;
  readonly exclusively: <T>(scope: Scope, work: (slot: PartitionSlot) => Promise<T>) => Promise<T>;
}

/** The calls about the second model. */
function encoderCalls({ encoderModel, search, exclusively }: EncoderParts): EncoderCalls {
  const requireModel = (model: string): void => {
    if (model === encoderModel) return;
    throw new Error(`the index holds vectors of ${encoderModel ?? 'no encoder'}, not of ${model}`);
  };
  return {
    async addEncodings(scope, model, rows) {
      requireModel(model);
      // A partition that is not loaded reads them from the catalog when it is.
      await exclusively(scope, async ({ loaded }) => loaded?.partition.encode(toEncodedPassages(rows)));
    },
    async encoded(scope, model) {
      return search(scope, ({ encodedCount, passageCount }) => ({
        encoded: model === encoderModel ? encodedCount : 0,
        total: passageCount,
      }));
    },
    async denseEncoded(scope, { query, filter, limit }) {
      requireModel(query.model);
      return search(scope, (partition) =>
        toCandidates(partition.searchEncoded(query.vector, toConditions(filter), limit)),
      );
    },
    async encodedScores(scope, query, chunks) {
      requireModel(query.model);
      return search(scope, (partition) => partition.scoreEncoded(query.vector, toRefs(chunks)));
    },
  };
}

function fingerprintOf({ model, dimensions }: EmbeddedIndexOptions, constants: LexicalConstants): string {
  const { titleWeight, headingWeight, compoundWeight } = constants;
  const weights = [titleWeight, headingWeight, compoundWeight];
  // Thai words are those of ICU's dictionary, which comes with Node.
  return sha256Hex(JSON.stringify([FORMAT, process.versions['icu'], model, dimensions, ...weights]));
}

/**
 * The catalog has forgotten what was removed or replaced: that goes at once. What is new comes in slices.
 */
async function applyChange(loaded: LoadedPartition, change: IndexChange, slices: TimeSlices): Promise<void> {
  if (change.sequence <= loaded.sequence) return;
  const { partition } = loaded;
  const isNew = ({ version }: IndexableVersion): boolean => !change.replaced.has(version);
  for (const version of [...change.removed, ...change.replaced.values()]) partition.remove(version);
  for (const version of change.added) if (!isNew(version)) partition.add(toDocumentInput(version));
  for (const version of change.added.filter(isNew)) {
    if (slices.isOver()) await slices.rest();
    await slices.run(partition.adding(toDocumentInput(version)));
  }
  loaded.sequence = change.sequence;
}

/** Saves and unloads the least used partitions until the rest fits; the last used one stays in any case. */
async function makeRoom(store: PartitionStore, memoryBytes: number): Promise<void> {
  const loaded = store.slots().filter((slot) => slot.loaded !== null);
  const size = (slot: (typeof loaded)[number]): number => slot.loaded?.partition.bytes ?? 0;
  let total = loaded.reduce((sum, slot) => sum + size(slot), 0);
  if (total <= memoryBytes) return;
  loaded.sort((a, b) => (a.loaded?.lastUsed ?? 0) - (b.loaded?.lastUsed ?? 0));
  for (const slot of loaded.slice(0, -1)) {
    if (total <= memoryBytes) return;
    total -= size(slot);
    await slot.mutex.run(async () => {
      await store.save(slot);
      slot.loaded = null;
    });
  }
}
