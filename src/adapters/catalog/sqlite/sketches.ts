import type { DatabaseSync } from 'node:sqlite';
import type { Sketches } from '../../../core/documents/sketches.ts';
import type { CollectionKey } from './collections.ts';
import { query } from './database.ts';
import { documentIdOf, findBytes } from './ids.ts';
import type { Synchronous } from './synchronous.ts';

const DOCUMENTS_PER_STEP = 1024;

/** The calls of the catalog about near duplicates. */
export function sketchCalls(database: DatabaseSync, key: CollectionKey): Synchronous<Sketches> {
  const step = query<readonly [number, Uint8Array, Uint8Array]>(
    database,
    `SELECT v.key, v.document, s.sketch FROM versions v CROSS JOIN version_sketches s ON s.version = v.key
     WHERE v.collection = ? AND v.key >= ? ORDER BY v.key LIMIT ${DOCUMENTS_PER_STEP}`,
  );
  const ofVersion = query<readonly [Uint8Array]>(
    database,
    `SELECT s.sketch FROM versions v JOIN version_sketches s ON s.version = v.key
     WHERE v.collection = ? AND v.id = ?`,
  );
  return {
    sketchStep(scope, from) {
      const rows = step.all(key(scope), from);
      const last = rows.length === DOCUMENTS_PER_STEP ? rows.at(-1) : undefined;
      return {
        documents: rows.map(([, document, sketch]) => ({ id: documentIdOf(document), sketch })),
        next: last === undefined ? null : last[0] + 1,
      };
    },
    sketchesOf(scope, versions) {
      const collection = key(scope);
      const found = [...new Set(versions)].flatMap((version) => {
        const bytes = findBytes(version);
        const row = bytes === null ? null : ofVersion.get(collection, bytes);
        return row === null ? [] : [[version, row[0]] as const];
      });
      return new Map(found);
    },
  };
}
