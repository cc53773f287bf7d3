import { join } from 'node:path';
import { folderBlobStore } from '../src/adapters/blob-store/folder.ts';
import { sqliteCatalog } from '../src/adapters/catalog/sqlite.ts';
import {
  embeddedIndex,
  type EmbeddedIndex,
  type EmbeddedIndexOptions,
} from '../src/adapters/chunk-index/embedded.ts';
import { loadStaticModel, staticEmbedder } from '../src/adapters/embedder/static.ts';
import { MODEL_FOLDER } from '../src/app/package-folders.ts';
import { prepareTools } from '../src/app/prepare-tools.ts';
import type { BlobStore } from '../src/core/documents/blob-store.ts';
import type { Catalog } from '../src/core/documents/catalog.ts';
import type { CollectionName, GenerationId, Scope, TenantId } from '../src/core/documents/ids.ts';
import type { DocumentRecord } from '../src/core/documents/document.ts';
import type { Submission } from '../src/core/documents/library.ts';
import { prepareItem, type Prepare } from '../src/core/ingest/prepare.ts';
import { createWriteItems, type WriteItems } from '../src/core/ingest/write-items.ts';
import type { Embedder } from '../src/core/retrieval/embedder.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { LogFields, Logger } from '../src/lib/logger.ts';
import { createOriginals } from '../src/core/documents/originals.ts';
import { createMutex } from '../src/lib/mutex.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const GENERATION = 'test-generation' as GenerationId;
export const model = await loadStaticModel(MODEL_FOLDER);

export function scopeOf(collection: string, tenant = 'default'): Scope {
  return { tenant: tenant as TenantId, collection: collection as CollectionName };
}

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** The real parts below retrieval and ingest, in a folder of their own. */
export interface TestLibrary extends AsyncDisposable {
  readonly folder: string;
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  readonly index: EmbeddedIndex;
  readonly embedder: Embedder;
  readonly prepare: Prepare;
  readonly writeItems: WriteItems;
  readonly log: LogLine[];
  createCollection(scope: Scope): Promise<void>;
  /** Takes a document in without a job. */
  submit(
    scope: Scope,
    submission: Submission & { readonly bytes: Uint8Array },
    signal?: AbortSignal,
  ): Promise<readonly DocumentRecord[]>;
  /** Submits Markdown under a key. */
  put(scope: Scope, key: string, text: string, metadata?: Record<string, string | number>): Promise<void>;
  /** Another index over the same folder and catalog, as after a restart. */
  openIndex(options?: Partial<EmbeddedIndexOptions>): EmbeddedIndex;
}

const NEVER = new AbortController().signal;

export async function openLibrary(options: Partial<EmbeddedIndexOptions> = {}): Promise<TestLibrary> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder()).path;
  const catalog = stack.use(sqliteCatalog({ path: join(folder, 'catalog.db'), clock: systemClock }));
  const blobs = await folderBlobStore(join(folder, 'originals'));
  const log: LogLine[] = [];
  const openIndex = (more: Partial<EmbeddedIndexOptions> = {}): EmbeddedIndex =>
    embeddedIndex({
      folder: join(folder, 'index'),
      dimensions: model.dimensions,
      model: model.name,
      memoryBytes: 2 ** 30,
      source: catalog,
      logger: recordingLogger(log),
      ...more,
    });
  const index = openIndex(options);
  const tools = prepareTools(model);
  const prepare: Prepare = async (input) => prepareItem(input, tools);
  const originals = createOriginals({ blobs, isUsed: async (hash) => catalog.isContentUsed(hash) });
  const writeItems = createWriteItems({ catalog, originals, index, mutex: createMutex() });
  const submit: TestLibrary['submit'] = async (scope, { key, ...submission }) => {
    const item = key ?? submission.name;
    const collection = await catalog.getCollection(scope);
    const input = {
      ...submission,
      scope,
      item,
      fallbackUri: null,
      language: collection?.settings.language ?? 'auto',
      generation: GENERATION,
      chunkTokens: 200,
    };
    const prepared = await prepare(input, NEVER);
    await writeItems(scope, { items: [{ origin: 'api', input, prepared }], problems: [], deletions: [] });
    const known = (await catalog.knownItems(scope, 'api', item)).find((one) => one.item === item);
    const records = await Promise.all(
      (known?.documents ?? []).map(async ({ id }) => catalog.getDocument(scope, id)),
    );
    return records.filter((record) => record !== null);
  };
  return {
    folder,
    catalog,
    blobs,
    index,
    embedder: staticEmbedder(model),
    prepare,
    writeItems,
    log,
    submit,
    openIndex,
    async createCollection(scope) {
      const settings = { language: 'auto', description: '' };
      await catalog.createCollection({ ...scope, settings, generation: GENERATION });
    },
    async put(scope, key, text, metadata = {}) {
      const bytes = Buffer.from(text);
      const name = `${key}.md`;
      const submission = {
        key,
        name,
        title: null,
        uri: null,
        format: null,
        mediaType: null,
        metadata,
        bytes,
      };
      await submit(scope, submission);
    },
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  };
}

function recordingLogger(log: LogLine[]): Logger {
  const write =
    (level: string) =>
    (event: string, fields: LogFields = {}): void =>
      void log.push({ level, event, fields });
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
