import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { sketchOf } from '../../../core/documents/sketch.ts';
import { sketchFunction, SKETCHES_MIGRATION } from './sketches-schema.ts';

it('the migration gives texts that are stored already their sketches', () => {
  const database = new DatabaseSync(':memory:');
  database.exec(`CREATE TABLE version_texts (version INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
    INSERT INTO version_texts VALUES (3, 'A text that was there before.'), (5, '---');`);
  sketchFunction(database);
  database.exec(SKETCHES_MIGRATION);
  const [row, ...others] = database.prepare('SELECT version, sketch FROM version_sketches').all();
  assert.deepEqual(row?.['version'], 3);
  assert.deepEqual(row?.['sketch'], sketchOf('A text that was there before.'));
  assert.equal(others.length, 0);
  database.close();
});
