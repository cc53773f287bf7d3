import type { DatabaseSync } from 'node:sqlite';
import type { QuantisedVector } from '../../../core/documents/document.ts';
import type { ChunkEncoding, Encodings } from '../../../core/documents/encodings.ts';
import { chunkId, parseChunkId, type ChunkId, type Scope } from '../../../core/documents/ids.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { requireCollection, type CollectionKey } from './collections.ts';
import { query, transaction } from './database.ts';
import { headingPathReading } from './heading-path.ts';
import { versionIdOf } from './ids.ts';
import { CHUNKS_PER_VERSION } from './schema.ts';
import type { Synchronous } from './synchronous.ts';

type EncodingCalls = Synchronous<Omit<Encodings, 'encodings'>>;

interface Encoder {
  readonly key: number;
  readonly dimensions: number;
  readonly encoded: number;
  /** Every chunk of the versions with smaller keys has an encoding. */
  readonly completeBelow: number;
}

type FindEncoder = (collection: number | null, model: string) => Encoder | null;

function encoderFinding(database: DatabaseSync): FindEncoder {
  const find = query<readonly [key: number, dimensions: number, encoded: number, completeBelow: number]>(
    database,
    `SELECT key, dimensions, encoded, complete_below FROM encoders WHERE collection = ? AND model = ?`,
  );
  return (collection, model) => {
    const row = find.get(collection, model);
    if (row === null) return null;
    const [encoderKey, dimensions, encoded, completeBelow] = row;
    return { key: encoderKey, dimensions, encoded, completeBelow };
  };
}

/** Chunks of a collection in key order that an encoder lacks; CROSS JOIN keeps SQLite to the order of the tables. */
const MISSING = `FROM versions v CROSS JOIN chunks c
  ON c.key >= v.key * ${CHUNKS_PER_VERSION} AND c.key < (v.key + 1) * ${CHUNKS_PER_VERSION}
  WHERE v.collection = ? AND v.key >= ?
  AND NOT EXISTS (SELECT 1 FROM encodings e WHERE e.chunk = c.key AND e.encoder = ?)
  ORDER BY v.key, c.key LIMIT ?`;

/** The calls of the catalog about encodings, but for `encodings` itself. */
export function encodingCalls(database: DatabaseSync, key: CollectionKey): EncodingCalls {
  const findEncoder = encoderFinding(database);
  const chunks = query<readonly [number]>(database, 'SELECT chunks FROM collections WHERE key = ?');
  return {
    chunksWithout: missingListing(database, { key, findEncoder }),
    putEncodings: writing(database, { key, findEncoder }),
    vectorsOf: vectorFinding(database, { key, findEncoder }),
    encodingProgress(scope, model) {
      const collection = key(scope);
      const encoder = findEncoder(collection, model);
      const total = chunks.get(collection)?.[0] ?? 0;
      const encoded = encoder?.encoded ?? 0;
      return { encoded, total, dimensions: encoded === 0 ? null : (encoder?.dimensions ?? null) };
    },
  };
}

interface Finding {
  readonly key: CollectionKey;
  readonly findEncoder: FindEncoder;
}

function missingListing(
  database: DatabaseSync,
  { key, findEncoder }: Finding,
): EncodingCalls['chunksWithout'] {
  const list = query<readonly [number, number, Uint8Array, string, string | null, string]>(
    database,
    `SELECT c.key, v.key, v.id, v.title, c.heading_path, c.text ${MISSING}`,
  );
  const readHeadingPath = headingPathReading();
  return (scope, model, limit) => {
    const collection = key(scope);
    const encoder = findEncoder(collection, model);
    const rows = list.all(collection, encoder?.completeBelow ?? 0, encoder?.key ?? null, limit);
    return rows.map(([chunkKey, versionKey, version, title, path, text]) => ({
      id: idOf(version, versionKey, chunkKey),
      title,
      headingPath: readHeadingPath(path),
      text,
    }));
  };
}

function writing(database: DatabaseSync, { key, findEncoder }: Finding): EncodingCalls['putEncodings'] {
  const addEncoder = database.prepare(
    `INSERT INTO encoders (collection, model, dimensions) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET dimensions = excluded.dimensions WHERE encoded = 0`,
  );
  const findVersion = query<readonly [number]>(
    database,
    'SELECT key FROM versions WHERE collection = ? AND id = ?',
  );
  const insert = database.prepare(
    `INSERT INTO encodings (chunk, encoder, scale, vector, passage)
     SELECT key, ?, ?, ?, ? FROM chunks WHERE key = ? ON CONFLICT DO NOTHING`,
  );
  const advance = completenessAdvancing(database);
  return (scope, model, rows) => {
    const dimensions = rows[0]?.vector.values.length;
    if (dimensions === undefined) return;
    transaction(database, () => {
      const collection = requireCollection(key, scope);
      addEncoder.run(collection, model, dimensions);
      const encoder = findEncoder(collection, model);
      if (encoder === null) return;
      for (const { id, vector, passage } of rows) {
        requireDimensions(vector.values.length, { scope, model, stored: encoder.dimensions });
        const place = parseChunkId(id);
        if (place === null || place.ordinal >= CHUNKS_PER_VERSION) continue;
        const version = findVersion.get(collection, Buffer.from(place.version, 'hex'))?.[0];
        if (version === undefined) continue;
        const chunk = version * CHUNKS_PER_VERSION + place.ordinal;
        insert.run(encoder.key, vector.scale, vector.values, keyOf(passage), chunk);
      }
      advance(collection, encoder);
    });
  };
}

function vectorFinding(database: DatabaseSync, { key, findEncoder }: Finding): EncodingCalls['vectorsOf'] {
  const find = query<readonly [number, Uint8Array]>(
    database,
    'SELECT scale, vector FROM encodings WHERE encoder = ? AND passage = ? LIMIT 1',
  );
  return (scope, model, passages) => {
    const found = new Map<string, QuantisedVector>();
    const encoder = findEncoder(key(scope), model);
    if (encoder === null) return found;
    for (const passage of passages) {
      const row = find.get(encoder.key, keyOf(passage));
      if (row !== null) found.set(passage, vectorOf(...row));
    }
    return found;
  };
}

/** Half of a SHA-256 is enough to tell the passages of a collection apart. */
function keyOf(passage: string | undefined): Uint8Array | null {
  return passage === undefined ? null : Buffer.from(passage.slice(0, 32), 'hex');
}

function vectorOf(scale: number, bytes: Uint8Array): QuantisedVector {
  return { scale, values: new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Moves `complete_below` on, so that the next look for missing chunks does not go through all that is done. */
function completenessAdvancing(database: DatabaseSync): (collection: number, encoder: Encoder) => void {
  const firstMissing = query<readonly [number]>(database, `SELECT v.key ${MISSING}`);
  const last = query<readonly [number | null]>(
    database,
    'SELECT max(key) + 1 FROM versions WHERE collection = ?',
  );
  const save = database.prepare('UPDATE encoders SET complete_below = ? WHERE key = ?');
  return (collection, encoder) => {
    const missing = firstMissing.get(collection, encoder.completeBelow, encoder.key, 1)?.[0];
    save.run(missing ?? last.get(collection)?.[0] ?? 0, encoder.key);
  };
}

interface Expected {
  readonly scope: Scope;
  readonly model: string;
  readonly stored: number;
}

function requireDimensions(given: number, { scope, model, stored }: Expected): void {
  if (given === stored) return;
  throw new HoldfastError(
    'encoder_mismatch',
    `The collection "${scope.collection}" has vectors of ${stored} dimensions by "${model}"; ` +
      `vectors of ${given} dimensions by the same model cannot be mixed with them.`,
  );
}

/** One step of reading all encodings, and where the next one goes on; null at the end. */
export interface EncodingStep {
  readonly rows: readonly ChunkEncoding[];
  /** Key of the last chunk. */
  readonly next: number | null;
}

const ROWS_PER_STEP = 1024;

/** Reads the encodings of a collection in steps; the first one starts after -1. */
export function encodingSteps(
  database: DatabaseSync,
  key: CollectionKey,
): (scope: Scope, model: string, after: number) => EncodingStep {
  const findEncoder = encoderFinding(database);
  const list = query<readonly [number, number, Uint8Array, number, Uint8Array]>(
    database,
    `SELECT e.chunk, v.key, v.id, e.scale, e.vector FROM versions v CROSS JOIN encodings e
     ON e.chunk >= v.key * ${CHUNKS_PER_VERSION} AND e.chunk < (v.key + 1) * ${CHUNKS_PER_VERSION}
     WHERE v.collection = ? AND v.key >= ? AND e.chunk > ? AND e.encoder = ?
     ORDER BY v.key, e.chunk LIMIT ${ROWS_PER_STEP}`,
  );
  return (scope, model, after) => {
    const collection = key(scope);
    const encoder = findEncoder(collection, model);
    if (encoder === null) return { rows: [], next: null };
    const from = Math.max(0, Math.floor(after / CHUNKS_PER_VERSION));
    const found = list.all(collection, from, after, encoder.key);
    const rows = found.map(([chunk, versionKey, version, scale, bytes]) => ({
      id: idOf(version, versionKey, chunk),
      vector: vectorOf(scale, bytes),
    }));
    return { rows, next: found.length < ROWS_PER_STEP ? null : (found.at(-1)?.[0] ?? null) };
  };
}

function idOf(version: Uint8Array, versionKey: number, chunkKey: number): ChunkId {
  return chunkId(versionIdOf(version), chunkKey - versionKey * CHUNKS_PER_VERSION);
}
