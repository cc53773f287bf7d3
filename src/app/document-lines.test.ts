import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { NEVER, openTestService, scopeOf, temporaryFolder, textOf } from '../../test/end-to-end/service.ts';
import type { Submission } from '../core/documents/library.ts';
import { linesOf } from '../core/documents/lines.ts';
import type { Service } from './service.ts';

const docs = scopeOf('docs');

async function opened(t: TestContext, text: string, more: Partial<Submission>): Promise<Service> {
  const service = await openTestService(temporaryFolder(t), { HOLDFAST_CHUNK_TOKENS: '40' });
  t.after(async () => service[Symbol.asyncDispose]());
  await service.collections.ensure(docs);
  await service.documents.submit(docs, textOf('a', text, more), NEVER);
  return service;
}

async function chunksOf(service: Service) {
  const [record] = (await service.documents.list(docs, { limit: 1, cursor: null })).items;
  assert.ok(record !== undefined);
  return (await service.documents.chunks(docs, record.id, { limit: 100, cursor: null })).items;
}

async function cited(service: Service, query: string) {
  const { tenant, collection } = docs;
  const limits = { filter: {}, topK: 5, mode: 'hybrid', maxAnswerChars: 400 } as const;
  const { citations, results } = await service.ask(
    { tenant, query, collections: [collection], ...limits },
    NEVER,
  );
  return { citation: citations[0], result: results[0] };
}

const FUNCTIONS = Array.from(
  { length: 12 },
  (_, at) =>
    `/** Reads valve ${at} of the boiler. */\nexport function valve${at}() {\n  return read(${at});\n}\n`,
);

describe('lines in the file', () => {
  it('are named for every passage of source code', async (t) => {
    const text = FUNCTIONS.join('\n');
    const service = await opened(t, text, { format: 'code', name: 'valves.ts' });
    const chunks = await chunksOf(service);
    assert.ok(chunks.length > 3);
    const original = text.split('\n');
    for (const chunk of chunks) {
      const lines = linesOf(chunk, chunk);
      assert.ok(lines !== null);
      const found = original.slice(lines.start - 1, lines.end).join('\n');
      assert.equal(found.trim(), chunk.text.trim());
    }
  });

  it('are those of the quote in a citation, whatever ends the lines of the file', async (t) => {
    const text = [
      'Rules of the house\u200b',
      '',
      'Visitors park behind the house.',
      'Backups of the boiler run every night at two.',
      'Keys are kept at the reception.',
    ].join('\r\n');
    const { citation, result } = await cited(await opened(t, text, {}), 'When do backups of the boiler run?');
    assert.match(citation?.quote ?? '', /^Backups of the boiler run/);
    assert.deepEqual(citation?.lines, { start: 4, end: 4 });
    assert.deepEqual(result?.lines, { start: 1, end: 5 });
  });

  it('stay when the document is split anew for another generation', async (t) => {
    const service = await opened(t, FUNCTIONS.join('\n'), { format: 'code', name: 'valves.ts' });
    const { generation } = await service.reindexing.start(docs, { chunkTokens: 32 });
    while ((await service.reindexing.get(docs, generation.key)).state !== 'ready') await delay(20);
    await service.reindexing.activate(docs, generation.key);
    const chunks = await chunksOf(service);
    const [last] = chunks.slice(-1);
    assert.ok(last !== undefined);
    assert.equal(linesOf(last, last)?.end, FUNCTIONS.length * 5 - 1);
  });

  it('are none in formats whose text is not the file', async (t) => {
    const { citation } = await cited(
      await opened(t, '# Rules\n\nBackups of the boiler run every night at two.\n', { format: 'markdown' }),
      'When do backups of the boiler run?',
    );
    assert.ok(citation !== undefined);
    assert.equal(citation.lines, undefined);
  });
});
