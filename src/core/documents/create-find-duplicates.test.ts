import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openLibrary, scopeOf, type TestLibrary } from '../../../test/library.ts';
import { createFindDuplicates } from './create-find-duplicates.ts';
import type { DuplicateReport, FindDuplicates } from './duplicates.ts';

const docs = scopeOf('docs');
const ALL = { limit: 100, cursor: null };
const RUNBOOK = Array.from({ length: 120 }, (_, at) => `step ${at} of the runbook`).join(', ');
const RECIPE = Array.from({ length: 120 }, (_, at) => `stir pot ${at} slowly`).join('. ');

/** A way to ask that counts how often the documents are compared. */
function counting(library: TestLibrary, maxDocuments?: number) {
  const state = { comparisons: 0, pauses: 0 };
  const find: FindDuplicates = createFindDuplicates({
    catalog: {
      getCollection: library.catalog.getCollection,
      getDocument: library.catalog.getDocument,
      lastSequence: library.catalog.lastSequence,
      async sketchStep(scope, from) {
        if (from === 0) state.comparisons++;
        return library.catalog.sketchStep(scope, from);
      },
    },
    pause: async () => void state.pauses++,
    ...(maxDocuments === undefined ? {} : { maxDocuments }),
  });
  return { state, find };
}

async function shelf(): Promise<TestLibrary> {
  const library = await openLibrary();
  await library.createCollection(docs);
  await library.put(docs, 'runbook', `# Runbook\n\n${RUNBOOK}`);
  await library.put(docs, 'recipe', `# Recipe\n\n${RECIPE}`);
  await library.put(docs, 'unique', '# Unique\n\nNothing else in the collection says what this page says.');
  await library.put(docs, 'runbook-copy', `# Runbook\n\n${RUNBOOK}`);
  await library.put(docs, 'runbook-new', `# Runbook\n\n${RUNBOOK.replaceAll(/step 5[0-4]/g, 'stage')}`);
  await library.put(docs, 'recipe-copy', `# Recipe\n\n${RECIPE}`);
  return library;
}

function keys({ items }: DuplicateReport): readonly (readonly string[])[] {
  return items.map(({ members }) => members.map(({ record }) => record.sourceKey));
}

describe('the near duplicates of a collection', () => {
  it('are groups with the first document in front and the others by similarity', async () => {
    await using library = await shelf();
    const report = await counting(library).find(docs, ALL);
    assert.deepEqual(keys(report), [
      ['runbook', 'runbook-copy', 'runbook-new'],
      ['recipe', 'recipe-copy'],
    ]);
    assert.deepEqual([report.compared, report.isComplete, report.nextCursor], [6, true, null]);
    const [, copy, changed] = report.items[0]?.members ?? [];
    assert.equal(copy?.similarity, 1);
    assert.ok(changed !== undefined && changed.similarity >= 0.8 && changed.similarity < 1);
  });

  it('come page by page', async () => {
    await using library = await shelf();
    const { find } = counting(library);
    const first = await find(docs, { limit: 1, cursor: null });
    const second = await find(docs, { limit: 1, cursor: first.nextCursor });
    assert.deepEqual([...keys(first), ...keys(second)], keys(await find(docs, ALL)));
    assert.equal(second.nextCursor, null);
    await assert.rejects(find(docs, { limit: 1, cursor: 'nonsense' }), { code: 'invalid_cursor' });
  });

  it('are compared once until a document changes', async () => {
    await using library = await shelf();
    const { state, find } = counting(library);
    await Promise.all([find(docs, ALL), find(docs, ALL)]);
    await find(docs, ALL);
    assert.equal(state.comparisons, 1);
    await library.put(docs, 'recipe-copy', '# Soup\n\nToday there is soup for everybody who comes.');
    assert.deepEqual(keys(await find(docs, ALL)), [['runbook', 'runbook-copy', 'runbook-new']]);
    assert.equal(state.comparisons, 2);
    assert.ok(state.pauses > 0);
  });

  it('say when there are more documents than are compared', async () => {
    await using library = await shelf();
    const report = await counting(library, 4).find(docs, ALL);
    assert.deepEqual(keys(report), [['runbook', 'runbook-copy']]);
    assert.deepEqual([report.compared, report.isComplete], [4, false]);
  });

  it('are none where there are no documents, and an error where there is no collection', async () => {
    await using library = await openLibrary();
    await library.createCollection(docs);
    const { find } = counting(library);
    assert.deepEqual(await find(docs, ALL), { items: [], nextCursor: null, compared: 0, isComplete: true });
    await assert.rejects(find(scopeOf('nope'), ALL), { code: 'collection_not_found' });
  });
});
