import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Catalog, IndexableVersion, Page } from '../../src/core/documents/catalog.ts';
import type { PreparedVersion } from '../../src/core/documents/document.ts';
import {
  chunkId,
  documentId,
  type ChunkId,
  type Scope,
  type VersionId,
} from '../../src/core/documents/ids.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { draftOf, GENERATION, putOf, scopeOf, versionOf } from './catalog-samples.ts';

/** An empty catalog of its own for one test. */
export interface CatalogHarness {
  readonly catalog: Catalog;
  /** Closes the catalog and opens the same data again. */
  reopen(): Promise<Catalog>;
  /** Releases everything, also what `reopen` opened. */
  dispose(): Promise<void>;
}

const SETTINGS = { language: 'auto', description: 'Samples' };
const docs = scopeOf('docs');
const FIRST = { limit: 100, cursor: null };

/** What every catalog does; each adapter's test runs it. */
export function catalogContract(name: string, open: (clock: Clock) => Promise<CatalogHarness>): void {
  describe(`catalog contract: ${name}`, () => {
    let harness: CatalogHarness;
    let catalog: Catalog;
    let now = 0;

    const create = (scope: Scope): Promise<unknown> =>
      catalog.createCollection({ ...scope, settings: SETTINGS, generation: GENERATION });

    beforeEach(async () => {
      now = Date.UTC(2026, 0, 1);
      harness = await open({ now: () => now, monotonic: () => now });
      catalog = harness.catalog;
      await create(docs);
    });
    afterEach(() => harness.dispose());

    describe('collections', () => {
      it('creates a collection and shows it with zero counts', async () => {
        assert.deepEqual(await catalog.getCollection(docs), {
          ...docs,
          serving: catalog.pin(docs),
          chunkTokens: null,
          embedder: null,
          settings: SETTINGS,
          generation: GENERATION,
          createdAt: '2026-01-01T00:00:00.000Z',
          stats: {
            documents: { total: 0, ready: 0, failed: 0, skipped: 0, pending: 0 },
            chunks: 0,
            sizeBytes: 0,
            sequence: 0,
          },
        });
      });

      it('refuses to create a collection twice', async () => {
        await assert.rejects(create(docs), { code: 'collection_exists' });
      });

      it('lets two tenants have a collection of the same name', async () => {
        const other = scopeOf('docs', 'other');
        await create(other);
        await catalog.commit(other, [putOf(other, 'a.md')]);
        assert.equal((await catalog.getCollection(docs))?.stats.documents.total, 0);
        assert.equal((await catalog.getCollection(other))?.stats.documents.total, 1);
      });

      it('lists the collections of one tenant by name, page by page', async () => {
        for (const collection of ['zeta', 'alpha', 'mid']) await create(scopeOf(collection));
        await create(scopeOf('beta', 'other'));
        const pages = await allPages((cursor) => catalog.listCollections(docs.tenant, { limit: 2, cursor }));
        assert.deepEqual(
          pages.map((page) => page.map((item) => item.collection)),
          [
            ['alpha', 'docs'],
            ['mid', 'zeta'],
          ],
        );
      });

      it('changes the settings of a collection', async () => {
        const settings = { language: 'de', description: 'Handbuch' };
        await catalog.updateCollection(docs, settings);
        assert.deepEqual((await catalog.getCollection(docs))?.settings, settings);
        await assert.rejects(catalog.updateCollection(scopeOf('none'), settings), {
          code: 'collection_not_found',
        });
      });

      it('finds nothing in a collection that does not exist', async () => {
        const none = scopeOf('none');
        const put = putOf(docs, 'a.md');
        await catalog.commit(docs, [put]);
        const { id } = put.draft;
        assert.equal(await catalog.getCollection(none), null);
        assert.equal(await catalog.getDocument(none, id), null);
        assert.deepEqual(await catalog.listDocuments(none, FIRST), { items: [], nextCursor: null });
        assert.deepEqual(await catalog.listChunks(none, id, FIRST), { items: [], nextCursor: null });
        assert.deepEqual(await catalog.knownItems(none, 'folder', ''), []);
        assert.equal(await catalog.versionText(none, put.version.id), null);
        assert.deepEqual(await catalog.hydrate(none, [chunkId(put.version.id, 0)]), [null]);
        assert.deepEqual(await collect(catalog.versionsSince(none, 0)), []);
        assert.equal(await catalog.lastSequence(none), 0);
      });

      it('deletes a collection with everything in it', async () => {
        const other = scopeOf('other');
        await create(other);
        const put = putOf(docs, 'a.md', ['one', 'two']);
        const kept = putOf(other, 'b.md', ['three']);
        const shared = { contentHash: 'ab'.repeat(32) };
        await catalog.commit(docs, [
          put,
          putOf(docs, 'shared.md', ['s'], shared),
          putOf(docs, 'c.md', ['4']),
        ]);
        await catalog.commit(other, [kept, putOf(other, 'shared.md', ['s'], shared)]);

        const result = await catalog.deleteCollection(docs);

        assert.equal(result.existed, true);
        const expected = [put.draft.contentHash, putOf(docs, 'c.md', ['4']).draft.contentHash];
        assert.deepEqual(result.orphanedContent.toSorted(), expected.toSorted());
        assert.equal(await catalog.getCollection(docs), null);
        assert.equal(await catalog.getDocument(docs, put.draft.id), null);
        assert.equal(await catalog.versionText(docs, put.version.id), null);
        assert.deepEqual(await catalog.hydrate(docs, [chunkId(put.version.id, 0)]), [null]);
        assert.equal(await catalog.versionText(other, kept.version.id), 'three');
        assert.equal((await catalog.hydrate(other, [chunkId(kept.version.id, 0)]))[0]?.text, 'three');
      });

      it('says so when there was no collection to delete', async () => {
        const result = await catalog.deleteCollection(scopeOf('none'));
        assert.deepEqual(result, { existed: false, orphanedContent: [] });
      });

      it('starts empty when a deleted collection is made anew', async () => {
        const put = putOf(docs, 'a.md');
        await catalog.commit(docs, [put]);
        const before = await catalog.lastSequence(docs);
        await catalog.deleteCollection(docs);
        await create(docs);
        assert.deepEqual(await catalog.listDocuments(docs, FIRST), { items: [], nextCursor: null });
        assert.equal(await catalog.lastSequence(docs), 0);
        assert.equal(await catalog.removedSince(docs, before), null);
        const { sequence } = await catalog.commit(docs, [put]);
        assert.ok(sequence > before);
        assert.deepEqual(await catalog.removedSince(docs, sequence), []);
      });
    });

    describe('commit', () => {
      it('stores a document with its version and chunks', async () => {
        const metadata = { team: ['a', 'b'], year: 2026, draft: false };
        const put = putOf(docs, 'guide/a.md', ['Erste Passage 🎉', 'Zweite\0 Passage'], {
          uri: 'https://example.org/a',
          metadata,
          sizeBytes: 321,
        });
        const receipt = await catalog.commit(docs, [put]);

        assert.ok(receipt.sequence > 0);
        assert.deepEqual(receipt.applied, [
          { documentId: put.draft.id, removed: null, added: put.version.id, orphanedContent: null },
        ]);
        assert.deepEqual(await catalog.getDocument(docs, put.draft.id), {
          ...put.draft,
          version: put.version.id,
          chunkCount: 2,
          sequence: receipt.sequence,
          stateSince: '2026-01-01T00:00:00.000Z',
          tries: 1,
          createdAt: '2026-01-01T00:00:00.000Z',
          updatedAt: '2026-01-01T00:00:00.000Z',
        });
        assert.equal(await catalog.versionText(docs, put.version.id), put.version.text);
      });

      it('refuses a write into a collection that does not exist', async () => {
        const none = scopeOf('none');
        await assert.rejects(catalog.commit(none, [putOf(none, 'a.md')]), { code: 'collection_not_found' });
        await assert.rejects(catalog.pruneRemovals(none, 1), { code: 'collection_not_found' });
      });

      it('replaces a version and forgets the old one', async () => {
        const first = putOf(docs, 'a.md', ['old one', 'old two']);
        const second = putOf(docs, 'a.md', ['new']);
        const earlier = await catalog.commit(docs, [first]);
        now += 1000;
        const later = await catalog.commit(docs, [second]);

        assert.ok(later.sequence > earlier.sequence);
        assert.deepEqual(later.applied, [
          {
            documentId: first.draft.id,
            removed: first.version.id,
            added: second.version.id,
            orphanedContent: first.draft.contentHash,
          },
        ]);
        const record = await catalog.getDocument(docs, first.draft.id);
        assert.equal(record?.version, second.version.id);
        assert.equal(record.chunkCount, 1);
        assert.equal(record.createdAt, '2026-01-01T00:00:00.000Z');
        assert.equal(record.updatedAt, '2026-01-01T00:00:01.000Z');
        assert.equal(await catalog.versionText(docs, first.version.id), null);
        assert.deepEqual(await catalog.hydrate(docs, [chunkId(first.version.id, 1)]), [null]);
        assert.equal((await catalog.getCollection(docs))?.stats.chunks, 1);
      });

      it('does not write the current version again', async () => {
        const put = putOf(docs, 'a.md', ['same', 'again']);
        await catalog.commit(docs, [put]);
        const state = { state: 'failed', problem: { code: 'document_timeout', reason: 'Slow.' } } as const;
        const receipt = await catalog.commit(docs, [{ ...put, draft: { ...put.draft, ...state } }]);
        assert.deepEqual(receipt.applied, [
          { documentId: put.draft.id, removed: null, added: null, orphanedContent: null },
        ]);
        const record = await catalog.getDocument(docs, put.draft.id);
        assert.deepEqual(record?.problem, state.problem);
        assert.equal(record.chunkCount, 2);
        assert.equal(record.sequence, receipt.sequence);
      });

      it('keeps the last good version, as it was, when an update fails', async () => {
        const good = putOf(docs, 'a.md', ['good'], { title: 'Good', metadata: { kind: 'good' } });
        await catalog.commit(docs, [good]);
        const draft = draftOf(docs, 'a.md', {
          state: 'failed',
          problem: { code: 'document_malformed', reason: 'Line 3: not closed.' },
          title: 'a.md',
          contentHash: 'cd'.repeat(32),
        });
        const { applied, sequence } = await catalog.commit(docs, [{ kind: 'put', draft, version: null }]);

        assert.equal(applied[0]?.removed, null);
        const record = await catalog.getDocument(docs, draft.id);
        assert.equal(record?.state, 'failed');
        assert.equal(record.title, 'a.md');
        assert.equal(record.version, good.version.id);
        assert.equal(record.chunkCount, 1);
        const [chunk] = await catalog.hydrate(docs, [chunkId(good.version.id, 0)]);
        assert.equal(chunk?.title, 'Good');
        const [version] = await collect(catalog.versionsSince(docs, sequence - 1));
        assert.deepEqual(version?.fields, {
          kind: 'good',
          title: 'Good',
          format: 'markdown',
          document_id: draft.id,
        });
      });

      it('stores a document that never had a version', async () => {
        const draft = draftOf(docs, 'bad.md', {
          state: 'failed',
          problem: { code: 'document_binary', reason: 'NUL at byte 3.' },
          format: null,
          language: null,
          contentHash: null,
        });
        await catalog.commit(docs, [{ kind: 'put', draft, version: null }]);
        const record = await catalog.getDocument(docs, draft.id);
        assert.equal(record?.version, null);
        assert.equal(record.chunkCount, 0);
        assert.deepEqual(record.problem, draft.problem);
        assert.deepEqual(await catalog.listChunks(docs, draft.id, FIRST), { items: [], nextCursor: null });
      });

      it('deletes a document with its version and chunks', async () => {
        const put = putOf(docs, 'a.md');
        await catalog.commit(docs, [put, putOf(docs, 'b.md')]);
        const { applied } = await catalog.commit(docs, [{ kind: 'delete', id: put.draft.id }]);
        assert.deepEqual(applied, [
          {
            documentId: put.draft.id,
            removed: put.version.id,
            added: null,
            orphanedContent: put.draft.contentHash,
          },
        ]);
        assert.equal(await catalog.getDocument(docs, put.draft.id), null);
        assert.equal(await catalog.versionText(docs, put.version.id), null);
        assert.equal((await catalog.getCollection(docs))?.stats.documents.total, 1);
      });

      it('changes nothing when an unknown document is deleted', async () => {
        const id = documentId(docs, 'never there');
        const { applied } = await catalog.commit(docs, [{ kind: 'delete', id }]);
        assert.deepEqual(applied, [{ documentId: id, removed: null, added: null, orphanedContent: null }]);
        assert.equal((await catalog.getCollection(docs))?.stats.documents.total, 0);
      });

      it('does not delete a document of another collection or tenant', async () => {
        const put = putOf(docs, 'a.md');
        await catalog.commit(docs, [put]);
        for (const scope of [scopeOf('second'), scopeOf('docs', 'other')]) {
          await create(scope);
          await catalog.commit(scope, [{ kind: 'delete', id: put.draft.id }]);
        }
        assert.equal((await catalog.getDocument(docs, put.draft.id))?.version, put.version.id);
      });

      it('applies all changes of a commit or none', async () => {
        const good = putOf(docs, 'a.md');
        const bad = putOf(docs, 'b.md', ['one', 'two']);
        const broken = { ...bad, version: { ...bad.version, vectors: [] } };
        await assert.rejects(catalog.commit(docs, [good, broken]));
        assert.equal(await catalog.getDocument(docs, good.draft.id), null);
        assert.equal(await catalog.lastSequence(docs), 0);
        assert.equal((await catalog.getCollection(docs))?.stats.documents.total, 0);
        await catalog.commit(docs, [good, bad]);
        assert.equal((await catalog.getCollection(docs))?.stats.documents.total, 2);
      });

      it('applies the changes of a commit in order', async () => {
        const first = putOf(docs, 'a.md', ['one']);
        const second = putOf(docs, 'a.md', ['two']);
        const { applied } = await catalog.commit(docs, [
          first,
          second,
          { kind: 'delete', id: first.draft.id },
        ]);
        assert.deepEqual(
          applied.map(({ removed, added }) => ({ removed, added })),
          [
            { removed: null, added: first.version.id },
            { removed: first.version.id, added: second.version.id },
            { removed: second.version.id, added: null },
          ],
        );
        assert.deepEqual(await collect(catalog.versionsSince(docs, 0)), []);
      });

      it('counts documents by state, chunks and sizes', async () => {
        const problem = { code: 'document_empty', reason: 'Empty.' } as const;
        const states = ['failed', 'failed', 'failed', 'skipped', 'skipped'] as const;
        const others = states.map((state, index) => ({
          kind: 'put' as const,
          draft: draftOf(docs, `${index}.md`, { state, problem, sizeBytes: 10 }),
          version: null,
        }));
        await catalog.commit(docs, [putOf(docs, 'a.md', ['1', '2', '3']), putOf(docs, 'b.md'), ...others]);
        const { sequence } = await catalog.commit(docs, [
          putOf(docs, 'a.md', ['1', '2'], { sizeBytes: 7 }),
          { kind: 'delete', id: documentId(docs, '4.md') },
        ]);
        assert.deepEqual((await catalog.getCollection(docs))?.stats, {
          documents: { total: 6, ready: 2, failed: 3, skipped: 1, pending: 0 },
          chunks: 3,
          sizeBytes: 7 + 100 + 4 * 10,
          sequence,
        });
      });

      it('numbers commits upwards over all collections', async () => {
        const other = scopeOf('other');
        await create(other);
        const sequences: number[] = [];
        for (const scope of [docs, other, docs]) {
          sequences.push((await catalog.commit(scope, [putOf(scope, 'a.md')])).sequence);
        }
        assert.deepEqual(
          sequences,
          [...new Set(sequences)].toSorted((a, b) => a - b),
        );
        assert.equal(await catalog.lastSequence(docs), sequences[2]);
        assert.equal(await catalog.lastSequence(other), sequences[1]);
      });
    });

    describe('orphaned originals', () => {
      const shared = { contentHash: 'ef'.repeat(32) };

      it('are named when the last document that refers to them goes, whoever owns it', async () => {
        const other = scopeOf('docs', 'other');
        await create(other);
        const mine = putOf(docs, 'a.md', ['x'], shared);
        const theirs = putOf(other, 'b.md', ['x'], shared);
        await catalog.commit(docs, [mine]);
        await catalog.commit(other, [theirs]);
        const first = await catalog.commit(docs, [{ kind: 'delete', id: mine.draft.id }]);
        const second = await catalog.commit(other, [{ kind: 'delete', id: theirs.draft.id }]);
        assert.equal(first.applied[0]?.orphanedContent, null);
        assert.equal(second.applied[0]?.orphanedContent, shared.contentHash);
      });

      it('are named once when several documents of one item go together', async () => {
        const records = ['r#1', 'r#2', 'r#3'].map((key) => putOf(docs, key, [key], shared));
        await catalog.commit(docs, records);
        const { applied } = await catalog.commit(
          docs,
          records.map(({ draft }) => ({ kind: 'delete', id: draft.id })),
        );
        assert.deepEqual(
          applied.map((change) => change.orphanedContent),
          [null, null, shared.contentHash],
        );
      });

      it('are not named when the same commit refers to them again', async () => {
        const before = putOf(docs, 'old.md', ['x'], shared);
        await catalog.commit(docs, [before]);
        const { applied } = await catalog.commit(docs, [
          { kind: 'delete', id: before.draft.id },
          putOf(docs, 'new.md', ['x'], shared),
        ]);
        assert.deepEqual(
          applied.map((change) => change.orphanedContent),
          [null, null],
        );
      });
    });

    describe('documents', () => {
      it('lists them by source key in code point order, page by page', async () => {
        const keys = ['b', 'a/z', 'a', 'ä', 'Z', 'a b', '🎉', '豈'];
        await catalog.commit(
          docs,
          keys.map((key) => putOf(docs, key)),
        );
        const pages = await allPages((cursor) => catalog.listDocuments(docs, { limit: 3, cursor }));
        assert.deepEqual(
          pages.map((page) => page.map((record) => record.sourceKey)),
          [
            ['Z', 'a', 'a b'],
            ['a/z', 'b', 'ä'],
            ['豈', '🎉'],
          ],
        );
      });

      it('lists those of one state', async () => {
        const changes = Array.from({ length: 9 }, (_, index) =>
          putOf(docs, `${index}`, ['x'], { state: index % 3 === 0 ? 'failed' : 'ready' }),
        );
        await catalog.commit(docs, changes);
        for (const [state, expected] of [
          ['failed', '036'],
          ['ready', '124578'],
          ['queued', ''],
        ] as const) {
          const pages = await allPages((cursor) => catalog.listDocuments(docs, { limit: 2, cursor, state }));
          const keys = pages.flat().map((record) => record.sourceKey);
          assert.equal(keys.join(''), expected);
        }
      });

      it('refuses a cursor that it did not make', async () => {
        const { nextCursor } = await listTwo(catalog);
        assert.ok(nextCursor !== null);
        const refused = { code: 'invalid_cursor' };
        for (const cursor of ['', 'x', 'a.md', `${nextCursor}=`, `${nextCursor}!`, nextCursor.slice(1)]) {
          await assert.rejects(catalog.listDocuments(docs, { limit: 1, cursor }), refused, cursor);
        }
        await assert.rejects(catalog.listCollections(docs.tenant, { limit: 1, cursor: nextCursor }), refused);
        const id = documentId(docs, '1');
        await assert.rejects(catalog.listChunks(docs, id, { limit: 1, cursor: nextCursor }), refused);
      });

      it('does not find a document through another scope or a malformed id', async () => {
        const { draft } = await commitOne(catalog);
        const other = scopeOf('docs', 'other');
        await create(other);
        assert.equal(await catalog.getDocument(other, draft.id), null);
        assert.equal(await catalog.getDocument(docs, 'nonsense' as typeof draft.id), null);
      });
    });

    describe('known items', () => {
      it('are those at or below a prefix, of one origin', async () => {
        const keys = ['/srv/a', '/srv/a/b.md', '/srv/a/c/d.md', '/srv/ab', '/srv/a-b/e.md', '/srv/b'];
        await catalog.commit(docs, [
          ...keys.map((key) => putOf(docs, key)),
          putOf(docs, '/srv/a/api.md', ['x'], { origin: 'api' }),
        ]);
        const known = async (prefix: string): Promise<readonly string[]> =>
          (await catalog.knownItems(docs, 'folder', prefix)).map(({ item }) => item).toSorted();
        assert.deepEqual(await known('/srv/a'), ['/srv/a', '/srv/a/b.md', '/srv/a/c/d.md']);
        assert.deepEqual(await known('/srv'), keys.toSorted());
        assert.deepEqual(await known(''), keys.toSorted());
        assert.deepEqual(await known('/none'), []);
      });

      it('show content, generation, named language and documents of an item', async () => {
        const item = { item: 'data.jsonl', contentHash: '12'.repeat(32), givenLanguage: 'ja' };
        const failed = draftOf(docs, 'data.jsonl#2', { ...item, state: 'failed' });
        const first = putOf(docs, 'data.jsonl#1', ['one'], item);
        await catalog.commit(docs, [first, { kind: 'put', draft: failed, version: null }]);
        const [known, ...rest] = await catalog.knownItems(docs, 'folder', 'data.jsonl');
        assert.deepEqual(rest, []);
        assert.equal(known?.contentHash, item.contentHash);
        assert.equal(known.givenLanguage, 'ja');
        assert.equal(known.generation, GENERATION);
        assert.deepEqual(
          known.documents.toSorted((a, b) => a.state.localeCompare(b.state)),
          [
            { id: failed.id, state: 'failed' },
            { id: first.draft.id, state: 'ready' },
          ],
        );
      });

      it('have no content or generation when their documents differ', async () => {
        const one = draftOf(docs, 'data#1', { item: 'data', contentHash: '12'.repeat(32) });
        const two = draftOf(docs, 'data#2', { item: 'data', contentHash: '34'.repeat(32) });
        await catalog.commit(docs, [
          { kind: 'put', draft: one, version: versionOf(one, ['x']) },
          {
            kind: 'put',
            draft: two,
            version: versionOf(two, ['x'], `${GENERATION}-next` as typeof GENERATION),
          },
        ]);
        const [known] = await catalog.knownItems(docs, 'folder', 'data');
        assert.equal(known?.givenLanguage, null);
        assert.equal(known.contentHash, null);
        assert.equal(known.generation, null);
      });
    });

    describe('chunks', () => {
      it('hydrates chunks in the order asked for', async () => {
        const put = putOf(docs, 'a.md', ['zero', 'one', 'two'], { uri: 'https://example.org/a' });
        const { id } = put.version;
        await catalog.commit(docs, [putOf(docs, 'before.md'), put, putOf(docs, 'after.md')]);
        const chunks = await catalog.hydrate(docs, [chunkId(id, 2), chunkId(id, 0), chunkId(id, 2)]);
        assert.deepEqual(
          chunks.map((chunk) => chunk?.text),
          ['two', 'zero', 'two'],
        );
        assert.deepEqual(chunks[0], {
          id: chunkId(id, 2),
          documentId: put.draft.id,
          version: id,
          ordinal: 2,
          title: put.draft.title,
          uri: 'https://example.org/a',
          language: 'en',
          start: 11,
          end: 14,
          page: null,
          headingPath: ['Guide', 'Part "2"'],
          text: 'two',
        });
        assert.equal(put.version.text.slice(11, 14), 'two');
      });

      it('hydrates to null what is unknown, malformed or out of range', async () => {
        const first = putOf(docs, 'a.md');
        await catalog.commit(docs, [first, putOf(docs, 'b.md')]);
        const { id } = first.version;
        const ids = [
          chunkId(id, 1),
          chunkId(id, 2 ** 20),
          chunkId(id, 999_999_999),
          chunkId('0'.repeat(32) as VersionId, 0),
          'nonsense' as ChunkId,
        ];
        assert.deepEqual(
          await catalog.hydrate(docs, ids),
          ids.map(() => null),
        );
        assert.deepEqual(await catalog.hydrate(docs, []), []);
      });

      it('hydrates to null the chunk of another tenant or collection', async () => {
        const { version } = await commitOne(catalog);
        for (const scope of [scopeOf('second'), scopeOf('docs', 'other')]) {
          await create(scope);
          await commitOne(catalog, scope);
          assert.deepEqual(await catalog.hydrate(scope, [chunkId(version.id, 0)]), [null]);
          assert.equal(await catalog.versionText(scope, version.id), null);
        }
      });

      it('lists the chunks of a document in order, page by page', async () => {
        const put = putOf(docs, 'a.md', ['zero', 'one', 'two', 'three', 'four']);
        await catalog.commit(docs, [putOf(docs, 'before.md'), put, putOf(docs, 'after.md')]);
        const pages = await allPages((cursor) =>
          catalog.listChunks(docs, put.draft.id, { limit: 2, cursor }),
        );
        assert.deepEqual(
          pages.map((page) => page.map((chunk) => chunk.text)),
          [['zero', 'one'], ['two', 'three'], ['four']],
        );
        const ids = pages.flat().map((chunk) => chunk.id);
        assert.deepEqual(pages.flat(), await catalog.hydrate(docs, ids));
      });
    });

    describe('replay', () => {
      it('gives all searchable versions in sequence order from 0', async () => {
        const other = scopeOf('other');
        await create(other);
        await catalog.commit(other, [putOf(other, 'x.md')]);
        const a = putOf(docs, 'a.md', ['zero', 'one'], { metadata: { team: 'blue' } });
        const one = await catalog.commit(docs, [a, putOf(docs, 'b.md')]);
        const two = await catalog.commit(docs, [putOf(docs, 'c.md')]);
        const versions = await collect(catalog.versionsSince(docs, 0));
        assert.deepEqual(
          versions.map((version) => version.sequence),
          [one.sequence, one.sequence, two.sequence],
        );
        const first = versions.find(({ version }) => version === a.version.id);
        assert.deepEqual(first, {
          version: a.version.id,
          documentId: a.draft.id,
          sequence: one.sequence,
          title: a.draft.title,
          language: 'en',
          fields: { team: 'blue', title: a.draft.title, format: 'markdown', document_id: a.draft.id },
          chunks: chunksOf(a.version),
        } satisfies Record<keyof IndexableVersion, unknown>);
      });

      it('gives only what changed after a sequence number', async () => {
        const { sequence } = await catalog.commit(docs, [putOf(docs, 'a.md'), putOf(docs, 'b.md')]);
        const changed = putOf(docs, 'b.md', ['changed']);
        await catalog.commit(docs, [changed]);
        const versions = await collect(catalog.versionsSince(docs, sequence));
        assert.deepEqual(
          versions.map(({ version }) => version),
          [changed.version.id],
        );
        assert.deepEqual(await collect(catalog.versionsSince(docs, sequence + 1)), []);
      });

      it('reads a large collection in steps, each version once', async () => {
        const keys = Array.from({ length: 700 }, (_, index) => `${index}.md`);
        await catalog.commit(
          docs,
          keys.slice(0, 600).map((key) => putOf(docs, key)),
        );
        await catalog.commit(
          docs,
          keys.slice(600).map((key) =>
            putOf(
              docs,
              key,
              Array.from({ length: 30 }, (_, at) => `${key} ${at}`),
            ),
          ),
        );
        const versions = await collect(catalog.versionsSince(docs, 0));
        assert.equal(new Set(versions.map(({ documentId }) => documentId)).size, 700);
        assert.equal(versions.length, 700);
        assert.equal(versions.flatMap(({ chunks }) => Array.from(chunks)).length, 600 + 100 * 30);
      });

      it('reads the chunks of a large version as they are gone through', async () => {
        const texts = Array.from({ length: 2500 }, (_, at) => `chunk ${at}`);
        const put = putOf(docs, 'a.md', texts);
        await catalog.commit(docs, [put]);
        const [version] = await collect(catalog.versionsSince(docs, 0));
        assert.ok(version !== undefined);
        assert.equal(version.chunks.length, 2500);
        assert.deepEqual([...version.chunks], chunksOf(put.version));
        const chunks = version.chunks[Symbol.iterator]();
        chunks.next();
        await catalog.commit(docs, [{ kind: 'delete', id: put.draft.id }]);
        const goOn = (): void => {
          while (chunks.next().done !== true);
        };
        assert.throws(goOn, { code: 'storage_failed' });
      });

      it('gives what is committed while it is read', async () => {
        await catalog.commit(docs, [putOf(docs, 'a.md')]);
        const late = putOf(docs, 'late.md');
        const found: VersionId[] = [];
        for await (const { version } of catalog.versionsSince(docs, 0)) {
          found.push(version);
          if (found.length === 1) await catalog.commit(docs, [late]);
        }
        assert.deepEqual(found.slice(1), [late.version.id]);
      });

      it('names the versions that went', async () => {
        const [a, b, c] = ['a.md', 'b.md', 'c.md'].map((key) => putOf(docs, key));
        assert.ok(a !== undefined && b !== undefined && c !== undefined);
        const { sequence } = await catalog.commit(docs, [a, b, c]);
        assert.deepEqual(await catalog.removedSince(docs, sequence), []);
        const later = await catalog.commit(docs, [putOf(docs, 'a.md', ['changed'])]);
        await catalog.commit(docs, [{ kind: 'delete', id: b.draft.id }]);
        assert.deepEqual(
          (await catalog.removedSince(docs, sequence))?.toSorted(),
          [a.version.id, b.version.id].toSorted(),
        );
        assert.deepEqual(await catalog.removedSince(docs, later.sequence), [b.version.id]);
      });

      it('does not name a version that came back', async () => {
        const put = putOf(docs, 'a.md', ['first']);
        const { sequence } = await catalog.commit(docs, [put]);
        const between = putOf(docs, 'a.md', ['second']);
        await catalog.commit(docs, [between]);
        await catalog.commit(docs, [put]);
        assert.deepEqual(await catalog.removedSince(docs, sequence), [between.version.id]);
        const versions = await collect(catalog.versionsSince(docs, sequence));
        assert.deepEqual(
          versions.map(({ version }) => version),
          [put.version.id],
        );
      });

      it('says that it does not know removals which were pruned', async () => {
        const put = putOf(docs, 'a.md');
        const first = await catalog.commit(docs, [put, putOf(docs, 'b.md')]);
        const second = await catalog.commit(docs, [{ kind: 'delete', id: put.draft.id }]);
        const third = await catalog.commit(docs, [{ kind: 'delete', id: documentId(docs, 'b.md') }]);
        await catalog.pruneRemovals(docs, second.sequence);
        assert.equal(await catalog.removedSince(docs, first.sequence), null);
        assert.equal((await catalog.removedSince(docs, second.sequence))?.length, 1);
        assert.deepEqual(await catalog.removedSince(docs, third.sequence), []);
        assert.ok((await catalog.removedSince(docs, 0)) !== null);
      });
    });

    describe('durability', () => {
      it('finds everything again after it was opened anew', async () => {
        const put = putOf(docs, 'a.md', ['zero', 'one']);
        await catalog.commit(docs, [put, putOf(docs, 'b.md')]);
        const { sequence } = await catalog.commit(docs, [{ kind: 'delete', id: documentId(docs, 'b.md') }]);
        const before = [
          await catalog.getCollection(docs),
          await catalog.getDocument(docs, put.draft.id),
          await collect(catalog.versionsSince(docs, 0)),
          await catalog.removedSince(docs, sequence - 1),
        ];
        catalog = await harness.reopen();
        assert.deepEqual(
          [
            await catalog.getCollection(docs),
            await catalog.getDocument(docs, put.draft.id),
            await collect(catalog.versionsSince(docs, 0)),
            await catalog.removedSince(docs, sequence - 1),
          ],
          before,
        );
        const next = await catalog.commit(docs, [putOf(docs, 'c.md')]);
        assert.ok(next.sequence > sequence);
      });

      it('is readable and writable when healthy', async () => {
        assert.deepEqual(await catalog.health(), { readable: true, writable: true, detail: null });
      });
    });
  });
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

async function allPages<T>(
  list: (cursor: string | null) => Promise<Page<T>>,
): Promise<readonly (readonly T[])[]> {
  const pages: (readonly T[])[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await list(cursor);
    pages.push(page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
}

function chunksOf({ text, chunks, vectors }: PreparedVersion): readonly unknown[] {
  return chunks.map(({ ordinal, start, end, headingPath, page }, index) => {
    const vector = vectors[index];
    return { ordinal, start, end, headingPath, page, text: text.slice(start, end), vector };
  });
}

async function commitOne(catalog: Catalog, scope: Scope = docs): Promise<ReturnType<typeof putOf>> {
  const put = putOf(scope, 'a.md');
  await catalog.commit(scope, [put]);
  return put;
}

async function listTwo(catalog: Catalog): Promise<Page<unknown>> {
  await catalog.commit(docs, [putOf(docs, '1'), putOf(docs, '2')]);
  return catalog.listDocuments(docs, { limit: 1, cursor: null });
}
