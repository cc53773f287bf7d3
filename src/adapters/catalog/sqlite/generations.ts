import type { DatabaseSync } from 'node:sqlite';
import type { Catalog } from '../../../core/documents/catalog.ts';
import type { CollectionSummary } from '../../../core/documents/collection.ts';
import type {
  GenerationRecord,
  GenerationReport,
  Generations,
  GenerationState,
  JudgedQuestion,
} from '../../../core/documents/generations.ts';
import {
  generationKey,
  generationScope,
  publicName,
  type CollectionName,
  type GenerationId,
  type TenantId,
} from '../../../core/documents/ids.ts';
import { HoldfastError } from '../../../core/errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { requireCollection, type CollectionKey } from './collections.ts';
import { query, transaction, type Query } from './database.ts';
import { workMoving } from './jobs/move-work.ts';
import { CHUNKS_PER_VERSION } from './schema.ts';
import type { Synchronous } from './synchronous.ts';

type GenerationCalls = Synchronous<Omit<Generations, 'pin' | 'unfollowed' | 'followed'>>;

export interface GenerationParts {
  readonly clock: Clock;
  readonly key: CollectionKey;
  readonly getCollection: Synchronous<Pick<Catalog, 'getCollection'>>['getCollection'];
}

type Row = readonly [
  key: number,
  tenant: TenantId,
  name: CollectionName,
  state: GenerationState,
  retiredAt: number | null,
  questions: string,
  report: string | null,
  problem: string | null,
];

const SELECT =
  'SELECT collection, tenant, name, state, retired_at, questions, report, problem FROM generations';

/** The calls of the catalog about generations, but for those about following. */
export function generationCalls(database: DatabaseSync, parts: GenerationParts): GenerationCalls {
  const { key, getCollection } = parts;
  const all = query<Row>(database, `${SELECT} ORDER BY collection`);
  const ofOne = query<Row>(database, `${SELECT} WHERE tenant = ? AND name = ? ORDER BY collection`);
  const describe = database.prepare(
    `UPDATE generations SET state = iif(state = 'filling', coalesce(?, state), state),
       report = coalesce(?, report), problem = ? WHERE collection = ?`,
  );
  const toRecord = (row: Row): GenerationRecord[] => {
    const summary = getCollection(generationScope({ tenant: row[1], collection: row[2] }, row[0]));
    return summary === null ? [] : [recordOf(row, summary)];
  };
  return {
    generations(scope) {
      const rows = scope === null ? all.all() : ofOne.all(scope.tenant, publicName(scope.collection));
      return rows.flatMap(toRecord);
    },
    createGeneration: creation(database, parts, (tenant, name) => ofOne.all(tenant, name).flatMap(toRecord)),
    describeGeneration(scope, { state, report, problem }) {
      const reported = report === undefined || report === null ? null : JSON.stringify(report);
      describe.run(state ?? null, reported, problem ?? null, requireCollection(key, scope));
    },
    activateGeneration: activation(database, parts),
    storedSizes: sizing(database, parts),
  };
}

function recordOf(row: Row, summary: CollectionSummary): GenerationRecord {
  const [key, tenant, name, state, retiredAt, questions, report, problem] = row;
  const { settings, chunkTokens, embedder, generation, stats, createdAt } = summary;
  const collection = { tenant, collection: name };
  return {
    key,
    scope: generationScope(collection, key),
    collection,
    state,
    language: settings.language,
    chunkTokens,
    embedder,
    generation,
    stats,
    createdAt,
    retiredAt: retiredAt === null ? null : new Date(retiredAt).toISOString(),
    questions: JSON.parse(questions) as readonly JudgedQuestion[],
    report: report === null ? null : (JSON.parse(report) as GenerationReport),
    problem,
  };
}

function creation(
  database: DatabaseSync,
  { key }: GenerationParts,
  ofCollection: (tenant: TenantId, name: CollectionName) => readonly GenerationRecord[],
): GenerationCalls['createGeneration'] {
  const insert = query<readonly [number]>(
    database,
    `INSERT INTO collections (tenant, name, language, description, generation, created_at, removals_from)
     SELECT tenant, name || '@', ?, description, ?, created_at, (SELECT sequence FROM counter WHERE id = 1)
     FROM collections WHERE key = ? RETURNING key`,
  );
  const rename = database.prepare('UPDATE collections SET name = name || key WHERE key = ?');
  const insertRow = database.prepare(
    `INSERT OR IGNORE INTO generations (collection, tenant, name, state, chunk_tokens, embedder, questions)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  return (scope, { language, chunkTokens, embedder, generation, questions }) =>
    transaction(database, () => {
      const live = requireCollection(key, scope);
      const { tenant, collection: name } = scope;
      const other = ofCollection(tenant, name).find(({ state }) => state === 'filling' || state === 'ready');
      if (other !== undefined)
        throw new HoldfastError('generation_exists', `"${name}" has generation ${other.key} in the making`);
      const added = insert.get(language, generation satisfies GenerationId, live)?.[0] ?? 0;
      rename.run(added);
      insertRow.run(live, tenant, name, 'live', null, null, '[]');
      insertRow.run(added, tenant, name, 'filling', chunkTokens, embedder, JSON.stringify(questions));
      const made = ofCollection(tenant, name).find((one) => one.key === added);
      if (made === undefined) throw new HoldfastError('internal_error', `generation ${added} was not stored`);
      return made;
    });
}

function activation(
  database: DatabaseSync,
  { key, clock }: GenerationParts,
): GenerationCalls['activateGeneration'] {
  const next = query<readonly [number]>(
    database,
    'UPDATE counter SET sequence = sequence + 1 WHERE id = 1 RETURNING sequence',
  );
  const hide = database.prepare("UPDATE collections SET name = name || '@' || key WHERE key = ?");
  const show = database.prepare(
    `UPDATE collections SET name = ?, sequence = ?,
       description = (SELECT description FROM collections WHERE key = ?) WHERE key = ?`,
  );
  const retire = database.prepare(
    `UPDATE generations SET state = 'previous', retired_at = ?, followed_sequence = ?, followed_key = ?
     WHERE collection = ?`,
  );
  const serve = database.prepare(
    "UPDATE generations SET state = 'live', retired_at = NULL, problem = NULL WHERE collection = ?",
  );
  const moveWork = workMoving(database);
  // What another one has followed says nothing of the one that serves now: it compares everything once more.
  const restart = database.prepare(
    `UPDATE generations SET followed_sequence = 0, followed_key = 0
     WHERE tenant = ? AND name = ? AND collection NOT IN (?, ?)`,
  );
  return (scope) =>
    transaction(database, () => {
      const name = publicName(scope.collection);
      const live = requireCollection(key, { ...scope, collection: name });
      const coming = requireCollection(key, scope);
      if (live === coming) return;
      // So that an answer remembered from before never counts as one from now.
      const sequence = next.get()?.[0] ?? 0;
      hide.run(live);
      show.run(name, sequence, live, coming);
      moveWork(live, coming);
      retire.run(clock.now(), sequence, Number.MAX_SAFE_INTEGER, live);
      serve.run(coming);
      restart.run(scope.tenant, name, live, coming);
    });
}

const SAMPLED_VERSIONS = 200;

function sizing(
  database: DatabaseSync,
  { key, getCollection }: GenerationParts,
): GenerationCalls['storedSizes'] {
  const sample: Query<readonly [number | null]> = query(
    database,
    `SELECT avg(octet_length(c.text)) FROM
       (SELECT key FROM versions WHERE collection = ? ORDER BY key DESC LIMIT ${SAMPLED_VERSIONS}) v
     JOIN chunks c ON c.key >= v.key * ${CHUNKS_PER_VERSION} AND c.key < (v.key + 1) * ${CHUNKS_PER_VERSION}`,
  );
  return (scope) => {
    const stats = getCollection(scope)?.stats;
    return {
      chunks: stats?.chunks ?? 0,
      chunkTextBytes: sample.get(key(scope))?.[0] ?? 0,
      documents: stats?.documents.total ?? 0,
    };
  };
}

/** The calls that find which generation serves. */
export function pinning(key: CollectionKey): Generations['pin'] {
  return (scope) => {
    if (generationKey(scope.collection) !== null) return scope;
    const found = key(scope);
    return found === null ? scope : generationScope(scope, found);
  };
}
