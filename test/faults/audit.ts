import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { folderBlobStore } from '../../src/adapters/blob-store/folder.ts';
import { smallFirst } from '../../src/adapters/blob-store/small-first.ts';
import { sqliteCatalog } from '../../src/adapters/catalog/sqlite.ts';
import { openService, type Service } from '../../src/app/service.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { DocumentRecord, HydratedChunk } from '../../src/core/documents/document.ts';
import {
  DEFAULT_TENANT,
  type CollectionName,
  type DocumentId,
  type Scope,
} from '../../src/core/documents/ids.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { sha256Hex } from '../../src/lib/hash.ts';
import type { Logger } from '../../src/lib/logger.ts';
import type { Ledger } from './ledger.ts';
import { keyOf } from './workload.ts';

const NEVER = new AbortController().signal;

/** Events that a service may report about what a crash left. */
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Opens a data folder as a restart does and holds it to what the client knows: every item has the content that was
 * acknowledged (or one that was asked for later), whole, once, and searches find it and nothing else.
 */
export async function auditFolder(folder: string, ledger: Ledger): Promise<void> {
  {
    await using service = await openService(loadConfig({}, { data: folder }), SILENT);
    await untilQuiet(service);
    assert.deepEqual(await service.verifyIndex(), [], 'index and catalog differ');
    const { items } = await service.collections.list(DEFAULT_TENANT, { limit: 100, cursor: null });
    const found = new Map<string, readonly Held[]>();
    for (const { collection } of items) await readCollection(service, collection, found);
    for (const key of new Set([...ledger.keys(), ...found.keys()])) {
      const held = found.get(key) ?? [];
      ledger.settle(
        key,
        held.map(({ text }) => text),
      );
      await requireSearchable(service, ledger.acknowledgedOf(key)?.marker, held);
    }
    for (const marker of ledger.takeSuperseded()) {
      for (const { collection } of items)
        assert.deepEqual(
          await foundChunks(service, collection, marker),
          [],
          `an old version with ${marker} is still found`,
        );
    }
  }
  auditDatabase(join(folder, 'catalog.db'));
  await auditOriginals(folder);
}

const QUIET_WITHIN_MS = 60_000;

/** Waits until every job has ended: a restart goes on with what was accepted. */
async function untilQuiet(service: Service): Promise<void> {
  const limit = AbortSignal.timeout(QUIET_WITHIN_MS);
  for (const state of ['queued', 'running'] as const) {
    const { items } = await service.jobs.list(DEFAULT_TENANT, { limit: 1000, cursor: null, state });
    for (const { id } of items) for await (const _ of service.jobs.watch(DEFAULT_TENANT, id, limit));
  }
  await mend(service);
}

/**
 * What kills and a folder that changes meanwhile may leave, and what an operator does about it:
 * - A document that was hit three times, the last time while it was worked on alone, is tried again.
 * - A file that went away between its listing and its turn is tried again when it is there, and else deleted.
 */
async function mend(service: Service): Promise<void> {
  const { items: collections } = await service.collections.list(DEFAULT_TENANT, { limit: 100, cursor: null });
  for (const { collection } of collections) {
    const scope: Scope = { tenant: DEFAULT_TENANT, collection };
    const failed = await service.documents.list(scope, { limit: 1000, cursor: null, state: 'failed' });
    for (const { id, item, problem } of failed.items) {
      if (problem?.code === 'document_vanished' && !existsSync(item))
        await service.documents.delete(scope, id);
      else if (problem?.code === 'document_crashes' || problem?.code === 'document_vanished')
        await retried(service, scope, id);
    }
  }
}

async function retried(service: Service, scope: Scope, id: DocumentId): Promise<void> {
  const job = await service.jobs.retryDocuments(scope, id);
  assert.ok(job !== null, `${id} cannot be tried again`);
  for await (const _ of service.jobs.watch(DEFAULT_TENANT, job.id, NEVER));
}

/** A document as it is stored. */
interface Held {
  readonly record: DocumentRecord;
  readonly collection: CollectionName;
  readonly text: string;
  readonly chunks: readonly HydratedChunk[];
}

async function readCollection(
  service: Service,
  collection: CollectionName,
  found: Map<string, readonly Held[]>,
): Promise<void> {
  const scope: Scope = { tenant: DEFAULT_TENANT, collection };
  const { items } = await service.documents.list(scope, { limit: 1000, cursor: null });
  for (const record of items) {
    assert.equal(record.state, 'ready', `${record.sourceKey} is ${record.state}`);
    const text = await service.documents.text(scope, record.id);
    const chunks = (await service.documents.chunks(scope, record.id, { limit: 1000, cursor: null })).items;
    requireWhole(record, text, chunks);
    const key = keyOf(collection, record.item);
    found.set(key, [...(found.get(key) ?? []), { record, collection, text, chunks }]);
  }
}

/** Chunks are numbered without a gap, are cut from this very version, and are as many as the document says. */
function requireWhole(record: DocumentRecord, text: string, chunks: readonly HydratedChunk[]): void {
  assert.equal(chunks.length, record.chunkCount, `${record.sourceKey}: number of chunks`);
  assert.ok(chunks.length > 0, `${record.sourceKey} has no chunk`);
  for (const [at, chunk] of chunks.entries()) {
    assert.equal(chunk.ordinal, at);
    assert.equal(chunk.version, record.version);
    assert.equal(chunk.documentId, record.id);
    assert.equal(chunk.text, text.slice(chunk.start, chunk.end));
  }
}

/** A search for the marker finds every chunk of the item once, and no other chunk. */
async function requireSearchable(
  service: Service,
  marker: string | undefined,
  held: readonly Held[],
): Promise<void> {
  const [first] = held;
  if (marker === undefined || first === undefined) return;
  const expected = held.flatMap(({ chunks }) => chunks.map(({ id }) => id));
  const found = await foundChunks(service, first.collection, marker);
  assert.deepEqual(found.toSorted(), expected.toSorted(), `chunks found of ${first.record.item}`);
}

async function foundChunks(service: Service, collection: CollectionName, marker: string): Promise<string[]> {
  const request = {
    tenant: DEFAULT_TENANT,
    query: marker,
    collections: [collection],
    filter: {},
    topK: 100,
    mode: 'lexical',
  } as const;
  return (await service.search(request, NEVER)).results.map(({ chunkId }) => chunkId);
}

/** Rows that only a half-done write can leave; each statement counts them. */
const DAMAGE = {
  'versions without document': `SELECT count(*) AS n FROM versions v WHERE NOT EXISTS (SELECT 1 FROM documents d WHERE d.version = v.key)`,
  'documents without their version': `SELECT count(*) AS n FROM documents d WHERE d.version IS NOT NULL AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.key = d.version AND v.document = d.id AND v.collection = d.collection)`,
  'texts without version': `SELECT count(*) AS n FROM version_texts t WHERE NOT EXISTS (SELECT 1 FROM versions v WHERE v.key = t.version)`,
  'versions without text': `SELECT count(*) AS n FROM versions v WHERE NOT EXISTS (SELECT 1 FROM version_texts t WHERE t.version = v.key)`,
  'chunks without version': `SELECT count(*) AS n FROM chunks c WHERE NOT EXISTS (SELECT 1 FROM versions v WHERE v.key = c.key / 1048576)`,
  'collections whose counts are wrong': `SELECT count(*) AS n FROM collections c WHERE
    c.total <> (SELECT count(*) FROM documents d WHERE d.collection = c.key) OR
    c.chunks <> (SELECT count(*) FROM chunks k JOIN versions v ON v.key = k.key / 1048576 WHERE v.collection = c.key)`,
  'documents that wait for a task that is not there': `SELECT count(*) AS n FROM documents d WHERE d.state = 'queued' AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.collection = d.collection AND t.item = d.item AND t.state IN ('queued', 'working'))`,
  'jobs whose counts are wrong': `SELECT count(*) AS n FROM jobs j WHERE
    j.key > (SELECT max(key) - 900 FROM jobs) AND (j.queued <> (SELECT count(*) FROM tasks t WHERE t.job = j.key AND t.state = 'queued') OR
    j.working <> (SELECT count(*) FROM tasks t WHERE t.job = j.key AND t.state = 'working') OR
    j.added + j.updated <> (SELECT count(*) FROM tasks t WHERE t.job = j.key AND t.state = 'done' AND t.kind = 'document') OR
    j.failed <> (SELECT count(*) FROM tasks t WHERE t.job = j.key AND t.state = 'failed' AND t.kind = 'document'))`,
  'jobs without an end': `SELECT count(*) AS n FROM jobs j WHERE j.state IN ('queued', 'running', 'paused') AND j.queued + j.working = 0`,
  'tasks without an end': `SELECT count(*) AS n FROM tasks WHERE state IN ('queued', 'working')`,
  'tasks of jobs that are over': `SELECT count(*) AS n FROM tasks t JOIN jobs j ON j.key = t.job WHERE t.state = 'queued' AND j.finished_at IS NOT NULL`,
  'rows of deleted collections': `SELECT count(*) AS n FROM documents d WHERE NOT EXISTS (SELECT 1 FROM collections c WHERE c.key = d.collection)`,
} as const;

function auditDatabase(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    assert.deepEqual({ ...database.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' });
    for (const [what, sql] of Object.entries(DAMAGE))
      assert.equal(database.prepare(sql).get()?.['n'], 0, what);
  } finally {
    database.close();
  }
}

/** The original of every document is there and is what its hash says. */
async function auditOriginals(folder: string): Promise<void> {
  const database = new DatabaseSync(join(folder, 'catalog.db'), { readOnly: true });
  const rows = database
    .prepare('SELECT DISTINCT content_hash AS hash FROM documents WHERE content_hash IS NOT NULL')
    .all();
  database.close();
  await using catalog = sqliteCatalog({ path: join(folder, 'catalog.db'), clock: systemClock });
  const blobs = smallFirst(catalog.smallBlobs, await folderBlobStore(join(folder, 'originals')));
  for (const { hash } of rows) {
    const bytes = await blobs.get(String(hash));
    assert.equal(bytes === null ? null : sha256Hex(bytes), hash, 'an original is missing or damaged');
  }
}
