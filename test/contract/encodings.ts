import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Catalog } from '../../src/core/documents/catalog.ts';
import type { ChunkEncoding, StoredEncodings } from '../../src/core/documents/encodings.ts';
import { chunkId, documentId, type ChunkId, type Scope } from '../../src/core/documents/ids.ts';
import { sha256Hex } from '../../src/lib/hash.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { GENERATION, putOf, scopeOf } from './catalog-samples.ts';
import type { CatalogHarness } from './catalog.ts';

const docs = scopeOf('docs');
const MODEL = 'encoder-a';
const [PASSAGE = '', OTHER = '', NONE = ''] = ['a', 'b', 'c'].map(sha256Hex);

/** What every catalog does with the vectors of an encoder; each adapter's test runs it. */
export function encodingsContract(name: string, open: (clock: Clock) => Promise<CatalogHarness>): void {
  describe(`encodings contract: ${name}`, () => {
    let harness: CatalogHarness;
    let catalog: Catalog;

    const create = async (scope: Scope): Promise<unknown> =>
      catalog.createCollection({
        ...scope,
        settings: { language: 'auto', description: '' },
        generation: GENERATION,
      });
    const missing = async (limit = 100, model = MODEL): Promise<ChunkId[]> =>
      (await catalog.chunksWithout(docs, model, limit)).map(({ id }) => id);
    const progress = async (model = MODEL): Promise<StoredEncodings> => catalog.encodingProgress(docs, model);

    beforeEach(async () => {
      harness = await open({ now: () => 0, monotonic: () => 0 });
      catalog = harness.catalog;
      await create(docs);
    });
    afterEach(() => harness.dispose());

    it('lists the chunks that a model has not seen, with what is embedded', async () => {
      const put = putOf(docs, 'a.md', ['one', 'two']);
      await catalog.commit(docs, [put]);
      assert.deepEqual(await catalog.chunksWithout(docs, MODEL, 100), [
        { id: chunkId(put.version.id, 0), title: put.draft.title, headingPath: [], text: 'one' },
        {
          id: chunkId(put.version.id, 1),
          title: put.draft.title,
          headingPath: ['Guide', 'Part "1"'],
          text: 'two',
        },
      ]);
      assert.deepEqual(await progress(), { encoded: 0, total: 2, dimensions: null });
    });

    it('fills up in steps, until nothing is missing', async () => {
      const puts = ['a', 'b', 'c'].map((key) => putOf(docs, key, ['1', '2', '3']));
      await catalog.commit(docs, puts);
      const seen: ChunkId[] = [];
      for (let step = await missing(4); step.length > 0; step = await missing(4)) {
        assert.ok(step.length <= 4);
        seen.push(...step);
        await catalog.putEncodings(docs, MODEL, step.map(encodingOf));
        assert.equal((await progress()).encoded, seen.length);
      }
      const all = puts.flatMap(({ version }) => [0, 1, 2].map((at) => chunkId(version.id, at)));
      assert.deepEqual(seen.toSorted(), all.toSorted());
    });

    it('gives back what was stored, in any order of writing, after it was opened anew', async () => {
      const put = putOf(docs, 'a.md', ['one', 'two', 'three']);
      await catalog.commit(docs, [put]);
      const rows = [2, 0].map((at) => encodingOf(chunkId(put.version.id, at)));
      for (const row of rows) await catalog.putEncodings(docs, MODEL, [row]);
      assert.deepEqual(await missing(), [chunkId(put.version.id, 1)]);
      catalog = await harness.reopen();
      assert.deepEqual(await all(catalog, docs, MODEL), rows.toReversed());
      assert.deepEqual(await missing(), [chunkId(put.version.id, 1)]);
      assert.deepEqual(await progress(), { encoded: 2, total: 3, dimensions: 4 });
    });

    it('reads many encodings, each once', async () => {
      const puts = Array.from({ length: 30 }, (_, at) => putOf(docs, `${at}`, manyPassages(100)));
      await catalog.commit(docs, puts);
      const ids = await missing(3000);
      await catalog.putEncodings(docs, MODEL, ids.map(encodingOf));
      const found = await all(catalog, docs, MODEL);
      assert.equal(found.length, 3000);
      assert.deepEqual(found.map(({ id }) => id).toSorted(), ids.toSorted());
    });

    it('keeps models apart', async () => {
      const put = putOf(docs, 'a.md', ['one']);
      await catalog.commit(docs, [put]);
      const id = chunkId(put.version.id, 0);
      await catalog.putEncodings(docs, MODEL, [encodingOf(id)]);
      assert.deepEqual(await missing(100, 'other'), [id]);
      const other = { id, vector: { scale: 1, values: Int8Array.of(1, 2) } };
      await catalog.putEncodings(docs, 'other', [other]);
      assert.deepEqual(await all(catalog, docs, 'other'), [other]);
      assert.deepEqual(await all(catalog, docs, MODEL), [encodingOf(id)]);
      assert.equal((await progress('other')).dimensions, 2);
    });

    it('refuses other dimensions than the stored ones, and writes nothing then', async () => {
      const put = putOf(docs, 'a.md', ['one', 'two']);
      await catalog.commit(docs, [put]);
      const [first, second] = [0, 1].map((at) => chunkId(put.version.id, at));
      assert.ok(first !== undefined && second !== undefined);
      const short = { id: second, vector: { scale: 1, values: Int8Array.of(1, 2, 3) } };
      const mixed = catalog.putEncodings(docs, MODEL, [encodingOf(first), short]);
      await assert.rejects(mixed, { code: 'encoder_mismatch' });
      assert.deepEqual(await progress(), { encoded: 0, total: 2, dimensions: null });
      await catalog.putEncodings(docs, MODEL, [encodingOf(first)]);
      await assert.rejects(catalog.putEncodings(docs, MODEL, [short]), {
        code: 'encoder_mismatch',
        message: /4 dimensions by "encoder-a"; vectors of 3/,
      });
      assert.deepEqual(await all(catalog, docs, MODEL), [encodingOf(first)]);
    });

    it('takes other dimensions once the last encoding is gone', async () => {
      const put = putOf(docs, 'a.md', ['one']);
      await catalog.commit(docs, [put]);
      await catalog.putEncodings(docs, MODEL, [encodingOf(chunkId(put.version.id, 0))]);
      const next = putOf(docs, 'a.md', ['changed']);
      await catalog.commit(docs, [next]);
      const row = { id: chunkId(next.version.id, 0), vector: { scale: 1, values: Int8Array.of(1) } };
      await catalog.putEncodings(docs, MODEL, [row]);
      assert.deepEqual(await progress(), { encoded: 1, total: 1, dimensions: 1 });
    });

    it('leaves out chunks that are gone, out of range or of another scope', async () => {
      const put = putOf(docs, 'a.md', ['one']);
      await catalog.commit(docs, [put, putOf(docs, 'b.md', ['two'])]);
      await catalog.commit(docs, [{ kind: 'delete', id: documentId(docs, 'b.md') }]);
      const other = scopeOf('docs', 'other');
      await create(other);
      const foreign = putOf(other, 'a.md', ['theirs']);
      await catalog.commit(other, [foreign]);
      const gone = putOf(docs, 'b.md', ['two']).version.id;
      const places = [chunkId(gone, 0), chunkId(foreign.version.id, 0), chunkId(put.version.id, 1), 'none'];
      await catalog.putEncodings(
        docs,
        MODEL,
        places.map((id) => encodingOf(id as ChunkId)),
      );
      assert.deepEqual(await progress(), { encoded: 0, total: 1, dimensions: null });
      assert.equal((await catalog.encodingProgress(other, MODEL)).encoded, 0);
      assert.deepEqual(await missing(), [chunkId(put.version.id, 0)]);
    });

    it('keeps the encoding that is there', async () => {
      const put = putOf(docs, 'a.md', ['one']);
      await catalog.commit(docs, [put]);
      const row = encodingOf(chunkId(put.version.id, 0));
      await catalog.putEncodings(docs, MODEL, [row]);
      await catalog.putEncodings(docs, MODEL, [{ ...row, vector: { ...row.vector, scale: 9 } }]);
      assert.deepEqual(await all(catalog, docs, MODEL), [row]);
      assert.equal((await progress()).encoded, 1);
    });

    it('forgets the encodings of a version that is replaced or deleted', async () => {
      await catalog.commit(docs, [putOf(docs, 'a.md', ['1', '2']), putOf(docs, 'b.md', ['3'])]);
      await catalog.putEncodings(docs, MODEL, (await missing()).map(encodingOf));
      const changed = putOf(docs, 'b.md', ['new']);
      await catalog.commit(docs, [changed]);
      assert.deepEqual(await missing(), [chunkId(changed.version.id, 0)]);
      await catalog.commit(docs, [{ kind: 'delete', id: documentId(docs, 'a.md') }]);
      assert.deepEqual(await progress(), { encoded: 0, total: 1, dimensions: null });
      assert.deepEqual(await all(catalog, docs, MODEL), []);
    });

    it('forgets those of a deleted collection, also when it is made anew', async () => {
      const put = putOf(docs, 'a.md', ['1', '2']);
      await catalog.commit(docs, [put]);
      await catalog.putEncodings(docs, MODEL, (await missing()).map(encodingOf));
      await catalog.deleteCollection(docs);
      assert.deepEqual(await progress(), { encoded: 0, total: 0, dimensions: null });
      await create(docs);
      await catalog.commit(docs, [put]);
      assert.deepEqual(await progress(), { encoded: 0, total: 2, dimensions: null });
      assert.equal((await missing()).length, 2);
    });

    it('gives the vector of a passage as long as a chunk of the collection has it', async () => {
      const put = putOf(docs, 'a.md', ['one', 'two', 'three']);
      await catalog.commit(docs, [put]);
      const [marked, other, unmarked] = [0, 1, 2].map((at) => encodingOf(chunkId(put.version.id, at)));
      assert.ok(marked !== undefined && other !== undefined && unmarked !== undefined);
      await catalog.putEncodings(docs, MODEL, [
        { ...marked, passage: PASSAGE },
        { ...other, vector: { scale: 0, values: marked.vector.values }, passage: OTHER },
        unmarked,
      ]);
      const expected = new Map([
        [PASSAGE, marked.vector],
        [OTHER, { scale: 0, values: marked.vector.values }],
      ]);
      assert.deepEqual(await catalog.vectorsOf(docs, MODEL, [PASSAGE, OTHER, NONE]), expected);
      catalog = await harness.reopen();
      assert.deepEqual(await catalog.vectorsOf(docs, MODEL, [PASSAGE, OTHER, NONE]), expected);
      assert.deepEqual(await catalog.vectorsOf(docs, 'other', [PASSAGE]), new Map());
      const foreign = scopeOf('docs', 'other');
      await create(foreign);
      assert.deepEqual(await catalog.vectorsOf(foreign, MODEL, [PASSAGE]), new Map());
      await catalog.commit(docs, [{ kind: 'delete', id: documentId(docs, 'a.md') }]);
      assert.deepEqual(await catalog.vectorsOf(docs, MODEL, [PASSAGE]), new Map());
    });

    it('finds nothing in a collection that does not exist, and refuses to write there', async () => {
      const none = scopeOf('none');
      assert.deepEqual(await catalog.chunksWithout(none, MODEL, 10), []);
      assert.deepEqual(await all(catalog, none, MODEL), []);
      assert.deepEqual(await catalog.vectorsOf(none, MODEL, [PASSAGE]), new Map());
      assert.deepEqual(await catalog.encodingProgress(none, MODEL), {
        encoded: 0,
        total: 0,
        dimensions: null,
      });
      const row = encodingOf(chunkId(putOf(docs, 'a.md').version.id, 0));
      await assert.rejects(catalog.putEncodings(none, MODEL, [row]), { code: 'collection_not_found' });
    });
  });
}

function manyPassages(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `passage ${at}`);
}

/** An encoding that only this chunk has. */
function encodingOf(id: ChunkId): ChunkEncoding {
  const values = Int8Array.from([0, 1, 2, 3], (at) => (id.codePointAt(at) ?? 0) - 64);
  return { id, vector: { scale: 0.25, values } };
}

async function all(catalog: Catalog, scope: Scope, model: string): Promise<ChunkEncoding[]> {
  const rows: ChunkEncoding[] = [];
  for await (const row of catalog.encodings(scope, model)) rows.push(row);
  return rows;
}
