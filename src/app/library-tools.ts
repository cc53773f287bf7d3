import type { SqliteCatalog } from '../adapters/catalog/sqlite.ts';
import type { EmbeddedIndex } from '../adapters/chunk-index/embedded.ts';
import type { Config } from '../config/config.ts';
import type { BlobStore } from '../core/documents/blob-store.ts';
import type { DocumentOrigin } from '../core/documents/document.ts';
import type { Originals } from '../core/documents/originals.ts';
import type { UploadStore } from '../core/documents/uploads.ts';
import type { Bell } from '../core/ingest/bell.ts';
import type { Extractor } from '../core/ingest/extractor.ts';
import type { RecipeOf } from '../core/ingest/recipe.ts';
import type { Source } from '../core/ingest/source.ts';
import type { WriteItems } from '../core/ingest/write-items.ts';
import type { EmbeddingProfile } from '../core/retrieval/embedder.ts';
import type { Retrieve } from '../core/retrieval/retrieve.ts';
import type { Logger } from '../lib/logger.ts';
import type { Mutex } from '../lib/mutex.ts';
import type { Observe } from '../worker/observe.ts';
import type { PreparePool } from './prepare-pool.ts';
import type { RunningEncoder } from './encoder.ts';

/** What the library is made of. */
export interface LibraryParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly catalog: SqliteCatalog;
  readonly blobs: BlobStore;
  readonly uploadStore: UploadStore;
  readonly stack: AsyncDisposableStack;
  readonly index: EmbeddedIndex;
  readonly running: RunningEncoder | null;
  readonly recipeOf: RecipeOf;
  readonly retrieve: Retrieve;
  readonly profile: EmbeddingProfile;
  readonly models: { readonly observe?: Observe; readonly extractor?: Extractor | null };
}

/** What the parts of the library share. */
export interface LibraryTools extends LibraryParts {
  readonly observe: Observe;
  readonly originals: Originals;
  readonly mutex: Mutex;
  readonly bell: Bell;
  readonly sources: ReadonlyMap<DocumentOrigin, Source>;
  readonly writeItems: WriteItems;
  readonly pool: PreparePool;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}
