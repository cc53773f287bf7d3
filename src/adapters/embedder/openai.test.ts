import assert from 'node:assert/strict';
import { it } from 'node:test';
import { remoteEmbedderContract } from '../../../test/contract/embedder.ts';
import { httpServer, modelFailure } from '../../../test/contract/model-failures.ts';
import { openaiStandIn } from '../../faults/models/openai.ts';
import { openaiEmbedder } from './openai.ts';

const NEVER = new AbortController().signal;

remoteEmbedderContract('openai', {
  create: (url, options) => openaiEmbedder({ url, model: 'all-minilm', ...options }),
  startStandIn: openaiStandIn,
});

it('sends the key and never shows it', async () => {
  const apiKey = 'sk-very-secret';
  await using server = await openaiStandIn({ apiKey });
  const create = (key: string) =>
    openaiEmbedder({ url: `${server.url}/v1/`, model: 'all-minilm', apiKey: key });
  await create(apiKey).canary(NEVER);
  const error = await modelFailure(create('sk-wrong').canary(NEVER));
  assert.equal(error.failure, 'unauthorized');
  await using echo = await httpServer((request, response) =>
    response
      .writeHead(400)
      .end(JSON.stringify({ error: { message: String(request.headers.authorization) } })),
  );
  const echoed = await modelFailure(openaiEmbedder({ url: echo.url, model: 'm', apiKey }).canary(NEVER));
  assert.match(echoed.message, /Bearer \[key\]/);
});

it('asks for dimensions only when they are set', async () => {
  await using server = await openaiStandIn({
    models: [{ name: 'text-embedding-3-small', ability: 'embedding', dimension: 1536 }],
  });
  const model = 'text-embedding-3-small';
  assert.equal((await openaiEmbedder({ url: server.url, model }).connect(NEVER)).dimensions, 1536);
  const short = openaiEmbedder({ url: server.url, model, dimensions: 256 });
  assert.equal((await short.connect(NEVER)).dimensions, 256);
  const asked = server.seen().map(({ body }) => (body as { dimensions?: number }).dimensions);
  assert.deepEqual(asked, [undefined, 256]);
});

const answers = (data: unknown) =>
  httpServer((_, response) => response.writeHead(200).end(JSON.stringify({ data })));

const base64 = (vector: readonly number[]) =>
  Buffer.from(Float32Array.from(vector).buffer).toString('base64');

it('reads embeddings in base64, in any order', async () => {
  await using server = await answers([
    { index: 1, embedding: base64([0, -2, 0]) },
    { index: 0, embedding: base64([3, 0, 4]) },
  ]);
  const embedder = openaiEmbedder({ url: server.url, model: 'unknown' });
  const vectors = await embedder.embedPassages(['one', 'two'], NEVER);
  assert.deepEqual(
    vectors.map((vector) => Array.from(vector)),
    [
      [Math.fround(0.6), 0, Math.fround(0.8)],
      [0, -1, 0],
    ],
  );
});

it('refuses the same embedding twice', async () => {
  await using server = await answers([
    { index: 0, embedding: [1] },
    { index: 0, embedding: [1] },
  ]);
  const embedder = openaiEmbedder({ url: server.url, model: 'unknown' });
  const error = await modelFailure(embedder.embedPassages(['one', 'two'], NEVER));
  assert.match(error.message, /embedding 0 of 2/);
});

it('takes the address with and without /v1', async () => {
  await using server = await openaiStandIn();
  for (const url of [server.url, `${server.url}/v1`, `${server.url}/v1/`])
    await openaiEmbedder({ url, model: 'all-minilm' }).canary(NEVER);
  assert.equal(server.counts().calls.embed, 3);
});
