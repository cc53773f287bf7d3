import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { openLibrary, scopeOf, type TestLibrary } from '../../../test/library.ts';
import type { IndexableVersion } from '../../core/documents/catalog.ts';
import { documentId, type ChunkId, type Scope } from '../../core/documents/ids.ts';
import type { IndexChange } from '../../core/retrieval/chunk-index.ts';
import { HoldfastError } from '../../core/errors.ts';
import type { EmbeddedIndex } from './embedded.ts';

const docs = scopeOf('docs');
const { signal } = new AbortController();

async function find(index: EmbeddedIndex, query: string, scope: Scope = docs): Promise<ChunkId[]> {
  const found = await index.lexical(scope, { query, filter: {}, limit: 100 }, signal);
  return found.map(({ chunkId }) => chunkId);
}

/** All that searches can tell: chunks with their scores, and the documents. */
async function behaviour(library: TestLibrary, index: EmbeddedIndex): Promise<unknown> {
  const queries = ['backup restore', 'coffee', 'server v1.2.3', 'page'];
  const vector = await library.embedder.embedQuery('backup', signal);
  assert.ok(vector);
  return {
    lexical: await Promise.all(
      queries.map(async (query) => index.lexical(docs, { query, filter: {}, limit: 50 }, signal)),
    ),
    dense: await index.dense(docs, { query: vector, filter: {}, limit: 50 }, signal),
    documents: await index.documents(docs),
    sequence: index.sequence(docs),
  };
}

async function filledLibrary(documents = 8): Promise<TestLibrary> {
  const library = await openLibrary();
  await library.createCollection(docs);
  for (let number = 0; number < documents; number++)
    await library.put(
      docs,
      `page-${number}`,
      `# Page ${number}\n\nHow to restore backup ${number} of server v1.2.${number}.`,
    );
  return library;
}

async function deleteDocument(library: TestLibrary, key: string): Promise<void> {
  const collection = await library.catalog.getCollection(docs);
  assert.ok(collection);
  await library.writeItems(collection, { items: [], problems: [], deletions: [documentId(docs, key)] });
}

async function snapshotPath(library: TestLibrary): Promise<string> {
  const [name] = await readdir(join(library.folder, 'index'));
  assert.ok(name);
  return join(library.folder, 'index', name);
}

function events(library: TestLibrary): string[] {
  return library.log.map(({ level, event }) => `${level} ${event}`);
}

describe('the embedded index', () => {
  it('shows a change to every search after it, and no other', async () => {
    await using library = await filledLibrary(2);
    const { index } = library;
    assert.equal((await find(index, 'restore')).length, 2);
    await library.put(docs, 'page-0', 'Drink coffee.');
    assert.equal((await find(index, 'restore')).length, 1);
    assert.equal((await find(index, 'coffee')).length, 1);
    await deleteDocument(library, 'page-0');
    assert.deepEqual(await find(index, 'coffee'), []);
  });

  it('names chunks as the catalog does', async () => {
    await using library = await filledLibrary(1);
    const [found] = await find(library.index, 'backup');
    assert.ok(found);
    const [chunk] = await library.catalog.hydrate(docs, [found]);
    assert.match(chunk?.text ?? '', /restore backup 0/);
  });

  it('keeps tenants and collections apart', async () => {
    await using library = await filledLibrary(1);
    for (const other of [scopeOf('docs', 'other'), scopeOf('other')]) {
      await library.createCollection(other);
      assert.deepEqual(await find(library.index, 'backup', other), []);
      await library.put(other, 'page-9', 'Another backup.');
      assert.equal((await find(library.index, 'backup', other)).length, 1);
    }
    assert.equal((await find(library.index, 'backup')).length, 1);
  });

  it('builds itself from the catalog when there is no snapshot', async () => {
    await using library = await filledLibrary();
    const again = library.openIndex();
    assert.deepEqual(await find(again, 'restore'), await find(library.index, 'restore'));
    assert.deepEqual(await behaviour(library, again), await behaviour(library, library.index));
    assert.deepEqual(events(library), []);
  });

  it('gives the same results from a snapshot', async () => {
    await using library = await filledLibrary();
    await deleteDocument(library, 'page-3');
    await library.index.snapshot(docs);
    const again = library.openIndex();
    await again.open(docs);
    assert.deepEqual(await behaviour(library, again), await behaviour(library, library.index));
    assert.deepEqual(events(library), []);
  });

  it('writes snapshots when it is closed', async () => {
    await using library = await filledLibrary();
    await library.index[Symbol.asyncDispose]();
    const source = { ...library.catalog, versionsSince: noVersions };
    const again = library.openIndex({ source });
    assert.equal((await find(again, 'restore')).length, 8);
  });

  it('replays what the catalog got after the snapshot', async () => {
    await using library = await filledLibrary();
    await library.index.snapshot(docs);
    await library.put(docs, 'page-1', 'Now about coffee.');
    await library.put(docs, 'page-99', 'A new page.');
    await deleteDocument(library, 'page-2');
    const again = library.openIndex();
    await again.open(docs);
    assert.equal((await find(again, 'restore')).length, 6);
    assert.equal((await find(again, 'coffee')).length, 1);
    assert.deepEqual(
      documentsOf(await again.documents(docs)),
      documentsOf(await library.index.documents(docs)),
    );
    assert.equal(again.sequence(docs), await library.catalog.lastSequence(docs));
  });

  it('rebuilds itself when removals after its snapshot are not known any more', async () => {
    await using library = await filledLibrary();
    await library.index.snapshot(docs);
    await deleteDocument(library, 'page-2');
    await library.catalog.pruneRemovals(docs, await library.catalog.lastSequence(docs));
    const again = library.openIndex();
    assert.equal((await find(again, 'restore')).length, 7);
    assert.equal((await again.partition(docs)).passageCount, 7);
  });

  it('rebuilds itself when the collection was deleted and made anew', async () => {
    await using library = await filledLibrary();
    await library.index.snapshot(docs);
    const copy = join(library.folder, 'copy');
    const path = await snapshotPath(library);
    await copyFile(path, copy);
    await library.catalog.deleteCollection(docs);
    await library.index.drop(docs);
    await library.createCollection(docs);
    await library.put(docs, 'page-0', 'Only coffee now.');
    await copyFile(copy, path);
    const again = library.openIndex();
    assert.deepEqual(await find(again, 'restore'), []);
    assert.equal((await find(again, 'coffee')).length, 1);
  });

  for (const [name, damage] of [
    ['truncated', async (path: string) => truncate(path, 1000)],
    ['empty', async (path: string) => truncate(path, 0)],
    ['foreign', async (path: string) => writeFile(path, 'something else')],
    ['flipped', flipInTheMiddle],
  ] as const)
    it(`rebuilds a ${name} snapshot from the catalog and says so`, async () => {
      await using library = await filledLibrary();
      await library.index.snapshot(docs);
      const path = await snapshotPath(library);
      await damage(path);
      const again = library.openIndex();
      await again.open(docs);
      assert.deepEqual(await behaviour(library, again), await behaviour(library, library.index));
      assert.deepEqual(events(library), ['warn index_snapshot_damaged']);
      assert.equal(library.log[0]?.fields['path'], path);
      await again.snapshot(docs);
      library.log.length = 0;
      await library.openIndex().open(docs);
      assert.deepEqual(events(library), []);
    });

  it('does not use a snapshot of another model, dimensions or weights', async () => {
    await using library = await filledLibrary();
    await library.index.snapshot(docs);
    for (const other of [
      { model: 'another' },
      { constants: { titleWeight: 9 } },
      { constants: { compoundWeight: 0.1 } },
    ]) {
      library.log.length = 0;
      const again = library.openIndex(other);
      assert.equal((await find(again, 'restore')).length, 8);
      assert.deepEqual(events(library), ['info index_snapshot_outdated']);
    }
    library.log.length = 0;
    await library.openIndex({ constants: { k1: 0.9, orderedWeight: 0.5 } }).open(docs);
    assert.deepEqual(events(library), [], 'weights that count at query time need no other snapshot');
  });

  it('passes over half a snapshot that a crash left', async () => {
    await using library = await filledLibrary();
    await library.index.snapshot(docs);
    await writeFile(`${await snapshotPath(library)}.tmp`, 'half');
    const again = library.openIndex();
    assert.equal((await find(again, 'restore')).length, 8);
    await library.put(docs, 'page-99', 'A new page.');
    await library.index.snapshot(docs);
    assert.deepEqual(events(library), []);
    assert.equal((await readdir(join(library.folder, 'index'))).length, 1);
  });

  it('goes on without a snapshot when it cannot be written', async () => {
    await using library = await filledLibrary();
    await library.index.snapshot(docs);
    const path = await snapshotPath(library);
    await library.put(docs, 'page-99', 'About coffee.');
    await rm(path);
    await mkdir(join(path, 'in the way'), { recursive: true });
    await library.index.snapshot(docs);
    assert.deepEqual(events(library), ['warn index_snapshot_failed']);
    assert.equal((await find(library.index, 'coffee')).length, 1);
  });

  it('applies a change once', async () => {
    await using library = await filledLibrary(3);
    const { index, catalog } = library;
    const before = await behaviour(library, index);
    const sequence = await catalog.lastSequence(docs);
    const added: IndexableVersion[] = [];
    for await (const version of catalog.versionsSince(docs, 0)) added.push(version);
    const change: IndexChange = { sequence, removed: [], replaced: new Map(), added };
    for (let i = 0; i < 2; i++) assert.equal(await index.apply(docs, async () => change), change);
    assert.deepEqual(await behaviour(library, index), before);
  });

  it('lets searches in while new documents come, and never between the old and the new version of one', async () => {
    await using library = await filledLibrary(3);
    const { catalog } = library;
    let now = 0;
    // Every look at the clock is a millisecond later.
    const index = library.openIndex({ clock: { now: () => now, monotonic: () => now++ } });
    await index.open(docs);
    const late = Array.from({ length: 80 }, async (_, at) =>
      commitDirectly(library, `late-${at}`, `A late page ${at}.`),
    );
    await Promise.all([...late, commitDirectly(library, 'page-1', 'A page that was replaced.')]);
    const [page] = await catalog.knownItems(docs, 'api', 'page-1');
    const added: IndexableVersion[] = [];
    for await (const version of catalog.versionsSince(docs, index.sequence(docs))) added.push(version);
    const after = added.find(({ documentId: id }) => id === page?.documents[0]?.id)?.version;
    const removed = await catalog.removedSince(docs, index.sequence(docs));
    assert.ok(after !== undefined && removed?.length === 1 && added.length === 81);
    const replaced = new Map(removed.map((before) => [after, before] as const));
    const sequence = await catalog.lastSequence(docs);
    const state = { isDone: false };
    const applied = index
      .apply(docs, async () => ({ sequence, removed: [], replaced, added }))
      .finally(() => (state.isDone = true));
    const seen = new Set<number>();
    while (!state.isDone) {
      seen.add((await find(index, 'late')).length);
      assert.equal((await find(index, 'restore')).length + (await find(index, 'replaced')).length, 3);
      await turn();
    }
    await applied;
    assert.equal((await find(index, 'replaced')).length, 1);
    assert.ok(
      [...seen].some((count) => count > 0 && count < 80),
      [...seen].join(),
    );
  });

  it('lets searches in while a long document comes, which they find as a whole', async () => {
    await using library = await filledLibrary(1);
    let now = 0;
    const index = library.openIndex({ clock: { now: () => now, monotonic: () => now++ } });
    await index.open(docs);
    const sections = Array.from(
      { length: 40 },
      (_, at) => `## Part ${at}\n\n${'A long page. '.repeat(60)}\n`,
    );
    await commitDirectly(library, 'page-long', sections.join('\n'));
    const added: IndexableVersion[] = [];
    for await (const version of library.catalog.versionsSince(docs, index.sequence(docs)))
      added.push(version);
    const passages = added[0]?.chunks.length ?? 0;
    assert.ok(passages >= 40);
    const sequence = await library.catalog.lastSequence(docs);
    const state = { isDone: false };
    const applied = index
      .apply(docs, async () => ({ sequence, removed: [], replaced: new Map(), added }))
      .finally(() => (state.isDone = true));
    const seen: number[] = [];
    while (!state.isDone) {
      seen.push((await find(index, 'long')).length);
      await turn();
    }
    await applied;
    assert.ok(seen.filter((count) => count === 0).length > passages / 8, seen.join());
    assert.ok(seen.every((count) => count === 0 || count === passages));
    assert.equal((await find(index, 'long')).length, passages);
  });

  it('changes nothing when the commit fails', async () => {
    await using library = await filledLibrary(3);
    const before = await behaviour(library, library.index);
    const failing = library.index.apply(docs, async () => {
      throw new HoldfastError('storage_full', 'the disk is full');
    });
    await assert.rejects(failing, { code: 'storage_full' });
    assert.deepEqual(await behaviour(library, library.index), before);
  });

  it('finds everything after a commit that was done but could not be read back', async () => {
    await using library = await filledLibrary(2);
    const failing = library.index.apply(docs, async () => {
      await library
        .openIndex()
        .apply(docs, async () => commitDirectly(library, 'page-7', 'A page about tea.'));
      throw new Error('cannot be read back');
    });
    await assert.rejects(failing, /read back/);
    await library.put(docs, 'page-8', 'A page about coffee.');
    for (const query of ['tea', 'coffee']) assert.equal((await find(library.index, query)).length, 1, query);
    await library.index.snapshot(docs);
    const again = library.openIndex();
    assert.equal((await find(again, 'tea')).length, 1);
  });

  it('forgets a collection that is dropped, with its file', async () => {
    await using library = await filledLibrary(2);
    await library.index.snapshot(docs);
    const generation = library.catalog.pin(docs);
    await library.catalog.deleteCollection(docs);
    await library.index.drop(generation);
    assert.deepEqual(await readdir(join(library.folder, 'index')), []);
    assert.equal(library.index.sequence(docs), 0);
    assert.deepEqual(await find(library.index, 'restore'), []);
  });

  it('builds a partition anew when it is mostly removed documents', async () => {
    await using library = await filledLibrary(1);
    for (let edit = 0; edit < 30; edit++) await library.put(docs, 'page-0', `Edit ${edit} about coffee.`);
    const { bytes, passageCount } = await library.index.partition(docs);
    assert.equal(passageCount, 1);
    const fresh = await library.openIndex().partition(docs);
    assert.ok(bytes < 2 * fresh.bytes, `${bytes} against ${fresh.bytes} bytes`);
    const [first] = await library.index.lexical(docs, { query: 'coffee', filter: {}, limit: 1 }, signal);
    assert.ok(first);
  });

  it('unloads the least used collections above its memory, and loads them again', async () => {
    await using library = await openLibrary({ memoryBytes: 1 });
    const names = ['one', 'two', 'three'].map((name) => scopeOf(name));
    for (const scope of names) {
      await library.createCollection(scope);
      await library.put(scope, 'page', `A backup of ${scope.collection}.`);
    }
    const loaded = (): boolean[] => names.map((scope) => library.index.sequence(scope) > 0);
    assert.deepEqual(loaded(), [false, false, true]);
    for (const [at, scope] of names.entries()) {
      assert.equal((await find(library.index, 'backup', scope)).length, 1);
      assert.deepEqual(
        loaded(),
        names.map((_, other) => other === at),
      );
    }
    assert.deepEqual(events(library), []);
  });

  it('takes changes of an unloaded collection', async () => {
    await using library = await openLibrary({ memoryBytes: 1 });
    for (const scope of [docs, scopeOf('other')]) {
      await library.createCollection(scope);
      await library.put(scope, 'page', 'A backup.');
    }
    assert.equal(library.index.sequence(docs), 0);
    await library.put(docs, 'page', 'Coffee.');
    assert.deepEqual(await find(library.index, 'backup'), []);
    assert.equal((await find(library.index, 'coffee')).length, 1);
  });

  it('loads a collection once for many searches at a time', async () => {
    await using library = await filledLibrary(3);
    let reads = 0;
    const source = {
      ...library.catalog,
      versionsSince: (...parameters: Parameters<TestLibrary['catalog']['versionsSince']>) => {
        reads++;
        return library.catalog.versionsSince(...parameters);
      },
    };
    const again = library.openIndex({ source });
    const found = await Promise.all(Array.from({ length: 10 }, async () => find(again, 'restore')));
    assert.ok(found.every(({ length }) => length === 3));
    assert.equal(reads, 1);
  });

  it('scores chunks by id: 0 or NaN for what is gone or no id', async () => {
    await using library = await filledLibrary(2);
    const [first] = await find(library.index, 'restore');
    assert.ok(first);
    const ids = [
      first,
      `${'0'.repeat(32)}-0` as ChunkId,
      'nonsense' as ChunkId,
      first.replace(/\d+$/, '99') as ChunkId,
    ];
    const vector = await library.embedder.embedQuery('backup', signal);
    assert.ok(vector);
    const lexical = [...(await library.index.lexicalScores(docs, 'restore', ids))];
    const cosines = [...(await library.index.denseScores(docs, vector, ids))];
    assert.deepEqual(
      lexical.map((score) => score > 0),
      [true, false, false, false],
    );
    assert.deepEqual(cosines.map(Number.isNaN), [false, true, true, true]);
  });
});

async function firstVersion({ catalog }: TestLibrary): Promise<IndexableVersion> {
  for await (const version of catalog.versionsSince(docs, 0)) return version;
  return assert.fail('no version');
}

/** A source whose reading of versions can be held up, and fails when told so. */
function troubled(library: TestLibrary) {
  const gate = { opened: Promise.resolve(), failure: null as Error | null, builds: 0 };
  const source = {
    ...library.catalog,
    async *versionsSince(scope: Scope, sequence: number) {
      gate.builds++;
      await gate.opened;
      if (gate.failure !== null) throw gate.failure;
      yield* library.catalog.versionsSince(scope, sequence);
    },
  };
  return { gate, source };
}

describe('an embedded index that is lost', () => {
  it('refuses searches while much is being built, and builds once for all of them', async () => {
    await using library = await filledLibrary(1);
    const version = await firstVersion(library);
    const held = Promise.withResolvers<void>();
    let builds = 0;
    const source = {
      ...library.catalog,
      async *versionsSince() {
        builds++;
        const [chunk] = version.chunks;
        assert.ok(chunk);
        yield { ...version, chunks: Array.from({ length: 1500 }, () => chunk) };
        await held.promise;
      },
    };
    const index = library.openIndex({ source });
    const whole = index.open(docs);
    const searches = [find(index, 'restore'), find(index, 'restore')];
    for (const search of searches) await assert.rejects(search, /"docs" is being built/);
    held.resolve();
    await whole;
    assert.equal((await find(index, 'restore')).length, 100);
    assert.equal(builds, 1);
  });

  it('does not try again at once to build what could not be built', async () => {
    await using library = await filledLibrary(2);
    const { gate, source } = troubled(library);
    let now = 0;
    const index = library.openIndex({ source, clock: { now: () => now, monotonic: () => now } });
    gate.failure = new Error('out of memory');
    for (let at = 0; at < 3; at++) await assert.rejects(find(index, 'restore'), /out of memory/);
    assert.equal(gate.builds, 1);
    assert.deepEqual(events(library), ['warn index_partition_lost']);
    gate.failure = null;
    await assert.rejects(find(index, 'restore'), /out of memory/);
    now += 10_000;
    assert.equal((await find(index, 'restore')).length, 2);
  });

  it('builds another partition behind when a search fails in one, and answers the others meanwhile', async () => {
    await using library = await filledLibrary(3);
    const { index } = library;
    const vector = new Float32Array(library.embedder.profile.dimensions).fill(0.1);
    const filter = {
      get title(): never {
        throw new RangeError('out of bounds');
      },
    };
    const broken = { query: vector, filter, limit: 10 };
    await assert.rejects(index.dense(docs, broken, signal), /out of bounds/);
    assert.equal((await find(index, 'restore')).length, 3);
    // A write waits for it.
    await library.put(docs, 'page-9', 'How to restore backup 9.');
    assert.deepEqual(events(library), ['warn index_partition_damaged', 'info index_partition_rebuilt']);
    assert.equal((await find(index, 'restore')).length, 4);
    await assert.rejects(index.dense(docs, broken, signal), /out of bounds/);
    await library.put(docs, 'page-9', 'How to restore backup 10.');
    assert.equal(events(library).length, 2, 'one that fails again is left alone for a while');
  });

  it('takes a vector of other dimensions for the mistake of who asks', async () => {
    await using library = await filledLibrary(3);
    const query = { query: new Float32Array(3).fill(1), filter: {}, limit: 10 };
    await assert.rejects(library.index.dense(docs, query, signal), /3 dimensions/);
    assert.deepEqual(events(library), []);
  });

  it('holds up no write', async () => {
    await using library = await filledLibrary(2);
    const { gate, source } = troubled(library);
    let now = 0;
    const index = library.openIndex({ source, clock: { now: () => now, monotonic: () => now } });
    gate.failure = new Error('out of memory');
    await index.apply(docs, async () => commitDirectly(library, 'late', 'A late restore.'));
    gate.failure = null;
    now += 10_000;
    assert.equal((await find(index, 'restore')).length, 3);
  });
});

async function* noVersions(): AsyncGenerator<never> {}

function documentsOf(documents: readonly { readonly key: string; readonly passages: number }[]): string[] {
  return documents.map(({ key, passages }) => `${key} ${passages}`).toSorted();
}

async function flipInTheMiddle(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
  await writeFile(path, bytes);
}

/** A commit that the index under test hears nothing of. */
async function commitDirectly(library: TestLibrary, key: string, text: string): Promise<IndexChange> {
  const prepared = await library.prepare(
    {
      scope: docs,
      item: key,
      name: `${key}.md`,
      bytes: Buffer.from(text),
      format: 'markdown',
      mediaType: null,
      title: null,
      uri: null,
      fallbackUri: null,
      metadata: {},
      language: 'en',
      generation: 'test-generation' as never,
      chunkTokens: 200,
    },
    signal,
  );
  const [document] = prepared.documents;
  assert.ok(document);
  const { version, title, uri, language, metadata } = document;
  const draft = {
    id: documentId(docs, key),
    sourceKey: key,
    origin: 'api',
    item: key,
    state: 'ready',
    problem: null,
    format: 'markdown',
    contentHash: prepared.contentHash,
    sizeBytes: text.length,
    title,
    uri,
    language,
    metadata,
  } as const;
  const { sequence } = await library.catalog.commit(docs, [{ kind: 'put', draft, version }]);
  return { sequence, removed: [], replaced: new Map(), added: [] };
}

const MODEL = 'encoder';

/** Stores an encoding of every chunk and gives it to the index. */
async function encodeAll(library: TestLibrary): Promise<void> {
  const chunks = await library.catalog.chunksWithout(docs, MODEL, 5000);
  const rows = chunks.map(({ id }, at) => ({
    id,
    vector: { scale: 0.1, values: Int8Array.of(at % 100, 1) },
  }));
  await library.catalog.putEncodings(docs, MODEL, rows);
  await library.index.addEncodings(docs, MODEL, rows);
}

async function encodedHits(index: EmbeddedIndex): Promise<ChunkId[]> {
  const query = { model: MODEL, vector: Float32Array.of(1, 0) };
  const found = await index.denseEncoded(docs, { query, filter: {}, limit: 5000 }, signal);
  return found.map(({ chunkId }) => chunkId).toSorted();
}

describe('the embedded index with an encoder', () => {
  it('hides the vectors of removed documents and counts the live ones', async () => {
    await using library = await openLibrary({ encoderModel: MODEL });
    await library.createCollection(docs);
    for (const key of ['a', 'b', 'c']) await library.put(docs, key, `Text of ${key}.`);
    await encodeAll(library);
    await deleteDocument(library, 'a');
    assert.deepEqual(await library.index.encoded(docs, MODEL), { encoded: 2, total: 2 });
    assert.equal((await encodedHits(library.index)).length, 2);
  });

  it('reads them from the catalog when it loads, from a snapshot too', async () => {
    await using library = await openLibrary({ encoderModel: MODEL });
    await library.createCollection(docs);
    for (let at = 0; at < 20; at++) await library.put(docs, `${at}`, `Text ${at}.`);
    await encodeAll(library);
    const before = await encodedHits(library.index);
    assert.equal(before.length, 20);
    assert.deepEqual(await encodedHits(library.openIndex({ encoderModel: MODEL })), before);
    await library.index.snapshot(docs);
    assert.deepEqual(await encodedHits(library.openIndex({ encoderModel: MODEL })), before);
  });

  it('keeps them when it is built anew because much was removed', async () => {
    await using library = await openLibrary({ encoderModel: MODEL });
    await library.createCollection(docs);
    for (let at = 0; at < 12; at++) await library.put(docs, `${at}`, `Text ${at}.`);
    await encodeAll(library);
    for (let at = 1; at < 12; at++) await deleteDocument(library, `${at}`);
    assert.deepEqual(await library.index.encoded(docs, MODEL), { encoded: 1, total: 1 });
    assert.equal((await encodedHits(library.index)).length, 1);
  });

  it('takes other dimensions once no live chunk has a vector', async () => {
    await using library = await openLibrary({ encoderModel: MODEL });
    await library.createCollection(docs);
    await library.put(docs, 'a', 'Text.');
    await encodeAll(library);
    await library.put(docs, 'a', 'Another text.');
    const [chunk] = await library.catalog.chunksWithout(docs, MODEL, 1);
    assert.ok(chunk);
    const rows = [{ id: chunk.id, vector: { scale: 0.1, values: Int8Array.of(1, 2, 3) } }];
    await library.index.addEncodings(docs, MODEL, rows);
    assert.deepEqual(await library.index.encoded(docs, MODEL), { encoded: 1, total: 1 });
  });
});
