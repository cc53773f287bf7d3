import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { GenerationState } from '../core/documents/generations.ts';
import type { GenerationView } from '../core/documents/reindexing.ts';
import { NEVER, openTestService, scopeOf, temporaryFolder, textOf } from '../../test/end-to-end/service.ts';
import type { Service } from './service.ts';

const docs = scopeOf('docs');
const TOPICS = ['backup', 'restore', 'breaker', 'quorum', 'replica', 'shard', 'snapshot', 'mirror'];

/** A page whose paragraphs each say something of their own, under headings, with code that stays whole. */
function page(topic: string): string {
  const sections = Array.from(
    { length: 6 },
    (_, section) =>
      `## Part ${section} of ${topic}\n\n` +
      Array.from(
        { length: 8 },
        (__, line) =>
          `The ${topic} of part ${section} has rule ${line}, which the operator reads before step ${line}.`,
      ).join(' ') +
      `\n\n\`\`\`sh\nholdfast ${topic} --part ${section}\n\`\`\``,
  );
  return `# All about ${topic}\n\n${sections.join('\n\n')}\n`;
}

async function put(service: Service, key: string, text: string): Promise<void> {
  await service.documents.submit(docs, textOf(key, text, { format: 'markdown' }), NEVER);
}

async function filled(t: TestContext, environment: Record<string, string> = {}): Promise<Service> {
  const service = await openTestService(temporaryFolder(t), environment);
  t.after(async () => service[Symbol.asyncDispose]());
  await service.collections.ensure(docs);
  for (const topic of TOPICS) await put(service, topic, page(topic));
  return service;
}

async function until(
  service: Service,
  key: number,
  isDone: (view: GenerationView) => boolean,
): Promise<GenerationView> {
  for (let left = 1200; left > 0; left--) {
    const view = await service.reindexing.get(docs, key);
    if (isDone(view)) return view;
    await delay(50);
  }
  throw new Error(`generation ${key}: ${JSON.stringify(await service.reindexing.get(docs, key))}`);
}

const isReady = ({ state }: { readonly state: GenerationState }): boolean => state === 'ready';

async function search(service: Service, query: string) {
  const request = {
    tenant: docs.tenant,
    query,
    collections: [docs.collection],
    filter: {},
    topK: 5,
  } as const;
  return service.search({ ...request, mode: 'hybrid' }, NEVER);
}

async function chunksOf(service: Service) {
  const page100 = { limit: 100, cursor: null };
  const { items } = await service.documents.list(docs, page100);
  const chunks = [];
  for (const { id } of items) chunks.push(...(await service.documents.chunks(docs, id, page100)).items);
  return chunks;
}

describe('generations of a collection', () => {
  it('fill beside the live one, compare, and go live as if the collection had been made that way', async (t) => {
    const service = await filled(t);
    const before = await service.collections.get(docs);
    const { generation, estimate } = await service.reindexing.start(docs, { chunkTokens: 60 });
    assert.equal(generation.state, 'filling');
    assert.ok(estimate.chunks > before.stats.chunks);
    const ready = await until(service, generation.key, isReady);
    assert.equal(ready.report?.kind, 'sampled');
    assert.equal(ready.report.questions, TOPICS.length);
    assert.ok(ready.report.live.hitsAt1 > 0.5 && ready.report.candidate.hitsAt1 > 0.5);
    assert.deepEqual((await service.collections.get(docs)).stats, before.stats);

    await service.reindexing.activate(docs, generation.key);
    const after = await service.collections.get(docs);
    assert.equal(after.chunkTokens, 60);
    assert.equal(after.createdAt, before.createdAt);
    assert.deepEqual(after.stats.documents, before.stats.documents);
    assert.deepEqual(await service.verifyIndex(), []);

    const fresh = await filled(t, { HOLDFAST_CHUNK_TOKENS: '60' });
    assert.deepEqual(await chunksOf(service), await chunksOf(fresh));
    const { retrieval, results } = await search(service, 'the rule of the quorum');
    assert.equal(retrieval.generation, after.generation);
    assert.equal(results[0]?.collection, 'docs');
  });

  it('take over what is written, replaced and deleted meanwhile, before and after the switch', async (t) => {
    const service = await filled(t);
    const { generation } = await service.reindexing.start(docs, { chunkTokens: 60 });
    await put(service, 'late', page('lateness'));
    await put(service, 'shard', page('sharding'));
    const { items } = await service.documents.list(docs, { limit: 100, cursor: null });
    const mirror = items.find(({ sourceKey }) => sourceKey === 'mirror');
    assert.ok(mirror);
    await service.documents.delete(docs, mirror.id);
    await service.documents.submit(docs, textOf('empty', ''), NEVER);
    await until(service, generation.key, isReady);
    await service.reindexing.activate(docs, generation.key);
    const keys = async (): Promise<string[]> => {
      const listed = await service.documents.list(docs, { limit: 100, cursor: null });
      return listed.items.map(({ sourceKey, state }) => `${sourceKey} ${state}`);
    };
    const expected = [...TOPICS, 'late'].filter((key) => key !== 'mirror').map((key) => `${key} ready`);
    assert.deepEqual(await keys(), [...expected, 'empty failed'].sort());
    assert.match((await search(service, 'sharding'))?.results[0]?.text ?? '', /sharding/);

    await put(service, 'later', page('laterness'));
    await service.reindexing.rollBack(docs);
    assert.equal((await service.collections.get(docs)).chunkTokens, null);
    assert.ok((await keys()).includes('later ready'));
    assert.match((await search(service, 'laterness'))?.results[0]?.text ?? '', /laterness/);
    assert.deepEqual(await service.verifyIndex(), []);
  });

  it('compare on the questions that are given', async (t) => {
    const service = await filled(t);
    const questions = [
      { question: 'What has the rule of the quorum?', documents: ['quorum'] },
      { question: 'What has the rule of the shard?', documents: ['mirror'] },
    ];
    const { generation } = await service.reindexing.start(docs, { chunkTokens: 60, questions });
    const { report } = await until(service, generation.key, isReady);
    assert.equal(report?.kind, 'judged');
    assert.equal(report.questions, 2);
    assert.equal(report.live.hitsAt1, 0.5);
    const unknown = [{ question: 'Why?', documents: ['nothing'] }];
    await assert.rejects(service.reindexing.start(docs, { questions: unknown }), {
      code: 'document_not_found',
    });
  });

  it('change the language of the analysis', async (t) => {
    const service = await filled(t);
    const { generation } = await service.reindexing.start(docs, { language: 'de' });
    await until(service, generation.key, isReady);
    await service.reindexing.activate(docs, generation.key);
    const { items } = await service.documents.list(docs, { limit: 100, cursor: null });
    assert.deepEqual([...new Set(items.map(({ language }) => language))], ['de']);
    assert.equal((await service.collections.get(docs)).settings.language, 'de');
  });

  it('are refused when there is no room, and while another one is in the making', async (t) => {
    const service = await filled(t, { HOLDFAST_INDEX_MEMORY_BYTES: '1 MiB' });
    await assert.rejects(service.reindexing.start(docs, { chunkTokens: 20 }), {
      code: 'generation_does_not_fit',
    });
    const roomy = await filled(t);
    const { generation } = await roomy.reindexing.start(docs, { chunkTokens: 60 });
    await assert.rejects(roomy.reindexing.start(docs, {}), { code: 'generation_exists' });
    await roomy.reindexing.delete(docs, generation.key);
    assert.equal((await roomy.reindexing.list(docs)).length, 1);
    const [live] = await roomy.reindexing.list(docs);
    assert.ok(live);
    await assert.rejects(roomy.reindexing.delete(docs, live.key), { code: 'generation_serves' });
    await assert.rejects(roomy.reindexing.rollBack(docs), { code: 'generation_not_found' });
  });

  it('never show two at once to a question, however often they change places', async (t) => {
    const service = await filled(t);
    const { generation } = await service.reindexing.start(docs, { chunkTokens: 60 });
    await until(service, generation.key, isReady);
    const known = new Map<string, ReadonlySet<string>>();
    const seen: { readonly generation: string; readonly chunks: readonly string[] }[] = [];
    const stop = new AbortController();
    const ask = async (): Promise<void> => {
      for (let at = 0; !stop.signal.aborted; at++) {
        const { results, retrieval } = await search(service, `rule ${at % 8} of the ${TOPICS[at % 8] ?? ''}`);
        seen.push({ generation: retrieval.generation, chunks: results.map(({ chunkId }) => chunkId) });
        // The switch needs a turn of the event loop, too.
        await delay(0);
      }
    };
    const asking = Promise.all([ask(), ask(), ask()]).finally(() => stop.abort());
    asking.catch(() => undefined);
    const [first] = await service.reindexing.list(docs);
    assert.ok(first);
    for (let round = 0; round < 10; round++) {
      await service.reindexing.activate(docs, round % 2 === 0 ? generation.key : first.key);
      const live = await service.collections.get(docs);
      known.set(live.generation, new Set((await chunksOf(service)).map(({ id }) => id)));
      const goal = seen.length + 5;
      while (seen.length < goal && !stop.signal.aborted) await delay(1);
    }
    stop.abort();
    await asking;
    assert.equal(known.size, 2);
    assert.deepEqual(
      seen.filter(
        (one) => one.chunks.length === 0 || one.chunks.some((id) => !known.get(one.generation)?.has(id)),
      ),
      [],
    );
    assert.deepEqual(new Set(seen.map((one) => one.generation)), new Set(known.keys()));
  });

  it('are gone when their time is over, and with their collection', async (t) => {
    const service = await filled(t, { HOLDFAST_ROLLBACK_HOURS: '0' });
    const { generation } = await service.reindexing.start(docs, { chunkTokens: 60 });
    await until(service, generation.key, isReady);
    await service.reindexing.activate(docs, generation.key);
    await put(service, 'late', page('lateness'));
    assert.notDeepEqual(await originals(service), []);
    for (let left = 1200; (await service.reindexing.list(docs)).length > 1 && left > 0; left--)
      await delay(50);
    assert.deepEqual(
      (await service.reindexing.list(docs)).map(({ key }) => key),
      [generation.key],
    );
    await service.reindexing.start(docs, { chunkTokens: 100 });
    await service.collections.delete(docs);
    await service.collections.ensure(docs);
    assert.deepEqual(await service.reindexing.list(docs), []);
    assert.deepEqual((await search(service, 'quorum')).results, []);
    assert.deepEqual(await originals(service), []);
  });
});

/** Names of files, and of small originals, which the catalog holds. */
async function originals(service: Service): Promise<string[]> {
  const { path } = service.folder;
  const files = await readdir(join(path, 'originals'), { recursive: true, withFileTypes: true });
  using catalog = new DatabaseSync(join(path, 'catalog.db'), { readOnly: true });
  const small = catalog.prepare('SELECT hex(hash) AS name FROM small_blobs').all();
  return [...files.filter((file) => file.isFile()), ...small].map(({ name }) => String(name));
}
