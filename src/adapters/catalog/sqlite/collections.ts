import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Catalog, PageRequest } from '../../../core/documents/catalog.ts';
import type { CollectionSummary, OwnEmbedder } from '../../../core/documents/collection.ts';
import {
  generationKey,
  generationScope,
  type CollectionName,
  type GenerationId,
  type Scope,
  type TenantId,
} from '../../../core/documents/ids.ts';
import { HoldfastError } from '../../../core/errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { query, transaction } from './database.ts';
import type { Synchronous } from './synchronous.ts';
import { contentRemoval } from './versions.ts';

type CollectionCalls = Synchronous<
  Pick<
    Catalog,
    'createCollection' | 'getCollection' | 'listCollections' | 'updateCollection' | 'deleteCollection'
  >
>;

type CollectionRow = readonly [
  tenant: TenantId,
  name: CollectionName,
  language: string,
  description: string,
  generation: GenerationId,
  createdAt: number,
  sequence: number,
  total: number,
  ready: number,
  failed: number,
  skipped: number,
  pending: number,
  chunks: number,
  sizeBytes: number,
  key: number,
  chunkTokens: number | null,
  embedder: OwnEmbedder | null,
];

const COLUMNS = `tenant, name, language, description, generation, created_at, sequence,
  total, ready, failed, skipped, pending, chunks, size_bytes, key,
  (SELECT chunk_tokens FROM generations WHERE collection = collections.key),
  (SELECT embedder FROM generations WHERE collection = collections.key)`;

/** Finds a collection's key; every other statement is scoped by it. */
export type CollectionKey = (scope: Scope) => number | null;

export function collectionKey(database: DatabaseSync): CollectionKey {
  const find = query<readonly [number]>(
    database,
    'SELECT key FROM collections WHERE tenant = ? AND name = ?',
  );
  const findGeneration = query<readonly [number]>(
    database,
    'SELECT key FROM collections WHERE tenant = ? AND key = ?',
  );
  return ({ tenant, collection }) => {
    const generation = generationKey(collection);
    const row = generation === null ? find.get(tenant, collection) : findGeneration.get(tenant, generation);
    return row?.[0] ?? null;
  };
}

/** The key, or `collection_not_found`. */
export function requireCollection(key: CollectionKey, scope: Scope): number {
  const found = key(scope);
  if (found !== null) return found;
  throw new HoldfastError('collection_not_found', `There is no collection "${scope.collection}".`);
}

/** The calls of the catalog about collections themselves. */
export function collectionCalls(database: DatabaseSync, clock: Clock, key: CollectionKey): CollectionCalls {
  const get = query<CollectionRow>(database, `SELECT ${COLUMNS} FROM collections WHERE key = ?`);
  const list = query<CollectionRow>(
    database,
    `SELECT ${COLUMNS} FROM collections WHERE tenant = ? AND name > ? AND instr(name, '@') = 0 ORDER BY name LIMIT ?`,
  );
  const insert = database.prepare(
    `INSERT INTO collections (tenant, name, language, description, generation, created_at, removals_from)
     VALUES (?, ?, ?, ?, ?, ?, (SELECT sequence FROM counter WHERE id = 1))`,
  );
  const update = database.prepare('UPDATE collections SET language = ?, description = ? WHERE key = ?');

  return {
    createCollection(collection) {
      return transaction(database, () => {
        if (key(collection) !== null) {
          throw new HoldfastError(
            'collection_exists',
            `There is a collection "${collection.collection}" already.`,
          );
        }
        const { tenant, settings, generation } = collection;
        const now = clock.now();
        insert.run(tenant, collection.collection, settings.language, settings.description, generation, now);
        return { ...collection, createdAt: new Date(now).toISOString() };
      });
    },
    getCollection(scope) {
      const row = get.get(key(scope));
      return row === null ? null : toSummary(row);
    },
    listCollections(tenant: TenantId, page: PageRequest) {
      const after = page.cursor === null ? '' : decodeCursor('collections', page.cursor);
      const rows = list.all(tenant, after, page.limit + 1);
      const items = rows.slice(0, page.limit).map(toSummary);
      const last = rows.length > page.limit ? items.at(-1) : undefined;
      return {
        items,
        nextCursor: last === undefined ? null : encodeCursor('collections', last.collection),
      };
    },
    updateCollection(scope, settings) {
      transaction(database, () => {
        update.run(settings.language, settings.description, requireCollection(key, scope));
      });
    },
    deleteCollection: deletion(database, key),
  };
}

function deletion(database: DatabaseSync, key: CollectionKey): CollectionCalls['deleteCollection'] {
  const orphans = query<readonly [string]>(
    database,
    // Each content once: the records of a list all have that of the list.
    `SELECT hash FROM (
       SELECT content_hash AS hash FROM documents WHERE collection = ?1 AND content_hash IS NOT NULL
       UNION SELECT content_hash FROM tasks WHERE collection = ?1 AND content_hash IS NOT NULL
     ) WHERE NOT EXISTS (
       SELECT 1 FROM documents o WHERE substr(o.content_hash, 1, 12) = substr(hash, 1, 12)
       AND o.content_hash = hash AND o.collection <> ?1
     ) AND NOT EXISTS (
       SELECT 1 FROM tasks t WHERE t.content_hash = hash AND t.state IN ('queued', 'working')
       AND t.collection <> ?1
     )`,
  );
  const versions = query<readonly [number]>(
    database,
    'SELECT key FROM versions WHERE collection = ? ORDER BY key',
  );
  const removeContents = contentRemoval(database);
  const removal = (table: string): StatementSync =>
    database.prepare(`DELETE FROM ${table} WHERE collection = ?`);
  const removeEncoders = removal('encoders');
  const rest = ['versions', 'removals', 'documents', 'tasks', 'jobs'].map(removal);
  const removeCollection = database.prepare('DELETE FROM collections WHERE key = ?');
  // Also tells a collection that is made anew from this one: see `removals_from`.
  const bump = database.prepare('UPDATE counter SET sequence = sequence + 1 WHERE id = 1');

  return (scope) =>
    transaction(database, () => {
      const collection = key(scope);
      if (collection === null) return { existed: false, orphanedContent: [] };
      const orphanedContent = orphans.all(collection).map(([hash]) => hash);
      removeEncoders.run(collection);
      for (const [first, last] of runs(versions.all(collection))) removeContents(first, last);
      for (const statement of rest) statement.run(collection);
      removeCollection.run(collection);
      bump.run();
      return { existed: true, orphanedContent };
    });
}

/** Runs of keys without a gap, so that a large collection goes in few statements. */
function runs(rows: readonly (readonly [number])[]): readonly (readonly [first: number, last: number])[] {
  const found: [number, number][] = [];
  for (const [key] of rows) {
    const run = found.at(-1);
    if (run !== undefined && run[1] + 1 === key) run[1] = key;
    else found.push([key, key]);
  }
  return found;
}

function toSummary(row: CollectionRow): CollectionSummary {
  const [tenant, collection, language, description, generation, createdAt, sequence, ...counts] = row;
  const [total, ready, failed, skipped, pending, chunks, sizeBytes, key, chunkTokens, embedder] = counts;
  return {
    tenant,
    collection,
    settings: { language, description },
    serving: generationScope({ tenant, collection }, key),
    chunkTokens,
    embedder,
    generation,
    createdAt: new Date(createdAt).toISOString(),
    stats: { documents: { total, ready, failed, skipped, pending }, chunks, sizeBytes, sequence },
  };
}
