import type { DatabaseSync } from 'node:sqlite';
import { sketchOf } from '../../../core/documents/sketch.ts';

/** Needs `sketchFunction`: the texts that are stored already get their sketches, too. */
export const SKETCHES_MIGRATION = `
  CREATE TABLE version_sketches (version INTEGER PRIMARY KEY, sketch BLOB NOT NULL) STRICT;
  INSERT INTO version_sketches
    SELECT version, sketch FROM (SELECT version, holdfast_sketch(text) AS sketch FROM version_texts)
    WHERE sketch IS NOT NULL;
`;

/** What the migration calls. */
export function sketchFunction(database: DatabaseSync): void {
  database.function('holdfast_sketch', { deterministic: true }, (text) => sketchOf(String(text)));
}
