import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Catalog } from '../../src/core/documents/catalog.ts';
import { documentId, type DocumentId, type Scope, type VersionId } from '../../src/core/documents/ids.ts';
import { sketchOf } from '../../src/core/documents/sketch.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { catalogContract, CatalogHarness } from './catalog.ts';
import { GENERATION, putOf, scopeOf } from './catalog-samples.ts';

const docs = scopeOf('docs');

/** What every catalog does with the sketches of its documents. */
export function sketchesContract(name: string, open: Parameters<typeof catalogContract>[1]): void {
  describe(`sketches contract: ${name}`, () => {
    let harness: CatalogHarness;
    let catalog: Catalog;

    const create = (scope: Scope): Promise<unknown> => {
      const settings = { language: 'auto', description: '' };
      return catalog.createCollection({ ...scope, settings, generation: GENERATION });
    };

    beforeEach(async () => {
      harness = await open(systemClock);
      catalog = harness.catalog;
      await create(docs);
    });
    afterEach(() => harness.dispose());

    it('keeps a sketch with every version, also over a restart', async () => {
      const put = putOf(docs, 'a.md', ['One passage', 'and another one']);
      await catalog.commit(docs, [put]);
      catalog = await harness.reopen();
      const sketches = await catalog.sketchesOf(docs, [put.version.id, put.version.id]);
      assert.deepEqual([...sketches], [[put.version.id, sketchOf(put.version.text)]]);
      assert.deepEqual(await catalog.sketchStep(docs, 0), {
        documents: [{ id: put.draft.id, sketch: sketchOf(put.version.text) }],
        next: null,
      });
    });

    it('has none of a text without words', async () => {
      const put = putOf(docs, 'a.md', ['---']);
      await catalog.commit(docs, [put]);
      assert.equal((await catalog.sketchesOf(docs, [put.version.id])).size, 0);
      assert.deepEqual(await catalog.sketchStep(docs, 0), { documents: [], next: null });
    });

    it('forgets it with the version, the document and the collection', async () => {
      const [first, second] = [putOf(docs, 'a.md', ['One']), putOf(docs, 'a.md', ['Two'])];
      await catalog.commit(docs, [first]);
      await catalog.commit(docs, [second]);
      assert.deepEqual(
        [...(await catalog.sketchesOf(docs, versions(first, second))).keys()],
        versions(second),
      );
      await catalog.commit(docs, [{ kind: 'delete', id: second.draft.id }]);
      assert.equal((await catalog.sketchesOf(docs, versions(second))).size, 0);
      await catalog.commit(docs, [first]);
      await catalog.deleteCollection(docs);
      await create(docs);
      assert.deepEqual(await allOf(catalog, docs), []);
    });

    it('shows them to nobody else', async () => {
      const other = scopeOf('docs', 'other');
      await create(other);
      const put = putOf(docs, 'a.md');
      await catalog.commit(docs, [put]);
      assert.equal((await catalog.sketchesOf(other, versions(put))).size, 0);
      assert.deepEqual(await allOf(catalog, other), []);
      assert.equal((await catalog.sketchesOf(docs, ['nonsense' as VersionId])).size, 0);
    });

    it('gives them step by step in the order in which they came', async () => {
      const keys = Array.from({ length: 2100 }, (_, at) => `${(at * 7919) % 2100}.md`);
      await catalog.commit(
        docs,
        keys.map((key) => putOf(docs, key)),
      );
      assert.deepEqual(
        await allOf(catalog, docs),
        keys.map((key) => documentId(docs, key)),
      );
    });
  });
}

function versions(...puts: readonly ReturnType<typeof putOf>[]): VersionId[] {
  return puts.map(({ version }) => version.id);
}

async function allOf(catalog: Catalog, scope: Scope): Promise<DocumentId[]> {
  const all: DocumentId[] = [];
  let next: number | null = 0;
  while (next !== null) {
    const step: Awaited<ReturnType<Catalog['sketchStep']>> = await catalog.sketchStep(scope, next);
    all.push(...step.documents.map(({ id }) => id));
    next = step.next;
  }
  return all;
}
