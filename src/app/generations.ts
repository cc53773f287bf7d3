import { statfs } from 'node:fs/promises';
import type { EmbeddedIndex } from '../adapters/chunk-index/embedded.ts';
import type { Config } from '../config/config.ts';
import type { BlobStore } from '../core/documents/blob-store.ts';
import type { Catalog } from '../core/documents/catalog.ts';
import { createReindexing } from '../core/documents/create-reindexing.ts';
import type { Reindexing } from '../core/documents/reindexing.ts';
import { createFollow } from '../core/ingest/follow-generations.ts';
import type { RecipeOf } from '../core/ingest/recipe.ts';
import type { Restore } from '../core/ingest/restore.ts';
import type { EmbeddingProfile } from '../core/retrieval/embedder.ts';
import type { Retrieve } from '../core/retrieval/retrieve.ts';
import { systemClock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Mutex } from '../lib/mutex.ts';
import { wait } from '../lib/wait.ts';
import type { RunningEncoder } from './encoder.ts';

export interface GenerationsParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  readonly index: EmbeddedIndex;
  readonly stack: AsyncDisposableStack;
  readonly running: RunningEncoder | null;
  readonly retrieve: Retrieve;
  readonly profile: EmbeddingProfile;
  readonly recipeOf: RecipeOf;
  readonly restore: Restore;
  readonly mutex: Mutex;
}

/** Other generations at work. */
export interface RunningGenerations {
  readonly reindexing: Reindexing;
  /** The same writing; other generations take over what it wrote. */
  after<Parameters extends readonly unknown[], Written>(
    write: (...parameters: Parameters) => Promise<Written>,
  ): (...parameters: Parameters) => Promise<Written>;
}

const HOUR_MS = 3_600_000;

/** Starts to keep the generations that do not serve in step with those that do. */
export function openGenerations(parts: GenerationsParts): RunningGenerations {
  const { config, index, stack, running, profile } = parts;
  const rollbackMs = config.rollbackHours * HOUR_MS;
  const follow = stack.use(
    createFollow({
      ...parts,
      clock: systemClock,
      encoderModel: running?.encoder.embedder.profile.model ?? null,
      rollbackMs,
      wait,
      onFollowed: () => running?.wake(),
      onFailure: (error, generation) =>
        parts.logger.warn('generation_failed', { ...generation?.scope, error, action: 'trying again' }),
    }),
  );
  return {
    reindexing: createReindexing({
      ...parts,
      follow,
      rollbackMs,
      dimensions: profile.dimensions,
      embedders: {
        builtIn: profile.dimensions === 0 ? null : profile.model,
        encoder: running?.encoder.embedder.profile.model ?? null,
      },
      indexBytes: async (scope) => {
        await index.open(scope);
        return (await index.partition(scope)).bytes;
      },
      room: async () => {
        const { bavail, bsize } = await statfs(config.dataDir);
        return { diskBytes: bavail * bsize, memoryBytes: config.indexMemoryBytes };
      },
    }),
    after:
      (write) =>
      async (...parameters) => {
        const written = await write(...parameters);
        follow.wake();
        return written;
      },
  };
}
