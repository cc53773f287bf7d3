import assert from 'node:assert/strict';
import { join } from 'node:path';
import { sqliteCatalog } from '../../../src/adapters/catalog/sqlite.ts';
import { embeddedTextAnalysis } from '../../../src/app/text-analysis.ts';
import type { Catalog } from '../../../src/core/documents/catalog.ts';
import type { EmbedShort, TextAnalysis } from '../../../src/core/retrieval/text-analysis.ts';
import { documentId, type Scope, type VersionId } from '../../../src/core/documents/ids.ts';
import { createWriteItems } from '../../../src/core/ingest/write-items.ts';
import { createOriginals } from '../../../src/core/documents/originals.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createMutex } from '../../../src/lib/mutex.ts';
import { quantise } from '../../../src/engine/dense/dense-index.ts';
import { model, openLibrary, scopeOf, type TestLibrary } from '../../library.ts';
import { ENCODER } from './simulated-models.ts';

export const DOCS = scopeOf('docs');
export const MORE = scopeOf('more');

const TEXTS: readonly (readonly [scope: Scope, key: string, text: string])[] = [
  [DOCS, 'network', '# Network\n\nThe server listens on port 8600. The gateway listens on port 8443.'],
  [DOCS, 'restores', '# Restores\n\nRestores are rehearsed every Monday by the platform team.'],
  [DOCS, 'logs', '# Logs\n\nLogs are kept for 14 days. Audit logs are kept for two years.'],
  [DOCS, 'owners', '# Owners\n\nThe edge team owns the gateway. The data team owns the catalog.'],
  [MORE, 'kitchen', '# Kitchen\n\nThe coffee machine is cleaned every evening by the last one who leaves.'],
  [MORE, 'garden', '# Garden\n\nThe garden is watered at 06:00. Backups of the garden plan do not exist.'],
];
const VERSIONS = [
  '# Backups\n\nBackups run daily at 02:00. They are kept for 30 days.',
  '# Backups\n\nBackups run daily at 03:30. They are kept for 60 days.',
];

/** Real catalog and index with a few documents, one of which changes. Shared by all runs. */
export interface SimulatedLibrary extends AsyncDisposable {
  readonly library: TestLibrary;
  readonly analysis: TextAnalysis;
  /** The catalog's reads, remembered until the next write. */
  readonly reads: Pick<Catalog, 'getCollection' | 'hydrate' | 'listCollections' | 'lastSequence'>;
  /** The built-in model, remembering. */
  readonly embed: EmbedShort;
  /** Stored texts of all versions that ever were, by collection and version. */
  readonly texts: ReadonlyMap<VersionId, string>;
  /** The changing document as it is now. */
  current(): VersionId;
  /** Writes its other version. */
  change(): Promise<void>;
  /** Tries the same while nothing can be written. Resolves to the error. */
  refusedChange(): Promise<unknown>;
  /** As at the start. */
  restore(): Promise<void>;
}

export async function openSimulatedLibrary(): Promise<SimulatedLibrary> {
  const stack = new AsyncDisposableStack();
  const library = stack.use(await openLibrary({ encoderModel: ENCODER.profile.model }));
  const path = join(library.folder, 'catalog.db');
  const readOnly = stack.use(sqliteCatalog({ path, clock: systemClock, isReadOnly: true }));
  const writeReadOnly = createWriteItems({
    catalog: readOnly,
    originals: createOriginals({ blobs: library.blobs, isUsed: async () => true }),
    index: library.index,
    mutex: createMutex(),
  });
  const texts = new Map<VersionId, string>();
  let version = 0;
  let current: VersionId | null = null;
  const encode = async (scope: Scope): Promise<void> => {
    const { model } = ENCODER.profile;
    const chunks = await library.catalog.chunksWithout(scope, model, 100);
    const { signal } = new AbortController();
    const vectors = await Promise.all(chunks.map(async ({ text }) => ENCODER.embedQuery(text, signal)));
    const rows = chunks.map(({ id }, at) => ({
      id,
      vector: quantise(vectors[at] ?? assert.fail('no vector')),
    }));
    await library.catalog.putEncodings(scope, model, rows);
    await library.index.addEncodings(scope, model, rows);
  };
  const remember = async (scope: Scope): Promise<void> => {
    const { items } = await library.catalog.listDocuments(scope, { limit: 100, cursor: null });
    for (const item of items) {
      const text = item.version === null ? null : await library.catalog.versionText(scope, item.version);
      if (item.version !== null && text !== null) texts.set(item.version, text);
      if (item.sourceKey === 'backups') current = item.version;
    }
  };
  const write = async (): Promise<void> => {
    await library.put(DOCS, 'backups', VERSIONS[version] ?? '');
    await encode(DOCS);
    await remember(DOCS);
  };
  const remembered = new Map<string, unknown>();
  const read = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    if (remembered.size > 1000) remembered.clear();
    if (!remembered.has(key)) remembered.set(key, await work());
    return remembered.get(key) as T;
  };
  const vectors = new Map<string, Float32Array>();
  let hasChanged = false;
  const change = async (): Promise<void> => {
    hasChanged = true;
    version = 1 - version;
    await write();
    remembered.clear();
  };
  for (const scope of [DOCS, MORE]) await library.createCollection(scope);
  for (const [scope, key, text] of TEXTS) await library.put(scope, key, text);
  await encode(MORE);
  await remember(MORE);
  await write();
  return {
    library,
    analysis: embeddedTextAnalysis(library.index),
    reads: {
      hydrate: async (scope, ids) =>
        read(`${scope.collection} ${ids.join()}`, async () => library.catalog.hydrate(scope, ids)),
      getCollection: async (scope) =>
        read(`collection ${scope.collection}`, async () => library.catalog.getCollection(scope)),
      listCollections: async (...asked) => read('all', async () => library.catalog.listCollections(...asked)),
      lastSequence: async (scope) =>
        read(`sequence ${scope.collection}`, async () => library.catalog.lastSequence(scope)),
    },
    embed(text) {
      const vector = vectors.get(text) ?? model.embed(text);
      if (vectors.size < 10_000) vectors.set(text, vector);
      return vector;
    },
    texts,
    current: () => current ?? assert.fail('no version'),
    change,
    async refusedChange() {
      const deletions = [documentId(DOCS, 'backups')];
      try {
        await writeReadOnly(DOCS, { items: [], problems: [], deletions });
        return null;
      } catch (error) {
        await remember(DOCS);
        return error;
      }
    },
    async restore() {
      if (!hasChanged) return;
      if (version === 1) await change();
      // What was replaced still counts for the weights of words until the index is built anew.
      await library.index.drop(DOCS);
      await library.catalog.pruneRemovals(DOCS, await library.catalog.lastSequence(DOCS));
      await library.index.open(DOCS);
      remembered.clear();
      hasChanged = false;
    },
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  };
}
