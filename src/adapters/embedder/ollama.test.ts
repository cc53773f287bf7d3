import assert from 'node:assert/strict';
import { it } from 'node:test';
import { remoteEmbedderContract } from '../../../test/contract/embedder.ts';
import { ollamaStandIn } from '../../faults/models/ollama.ts';
import { ollamaEmbedder } from './ollama.ts';

const NEVER = new AbortController().signal;

remoteEmbedderContract('ollama', {
  create: (url, options) => ollamaEmbedder({ url, model: 'all-minilm', ...options }),
  startStandIn: ollamaStandIn,
});

it('asks Ollama to cut long texts and to keep the model', async () => {
  await using server = await ollamaStandIn();
  const kept = [undefined, '-1', '30m', '600'];
  for (const keepAlive of kept)
    await ollamaEmbedder({ url: `${server.url}/`, model: 'all-minilm', keepAlive }).canary(NEVER);
  const bodies = server.seen().map(({ body }) => body as { truncate: unknown; keep_alive?: unknown });
  assert.deepEqual(
    bodies.map(({ truncate }) => truncate),
    kept.map(() => true),
  );
  assert.deepEqual(
    bodies.map(({ keep_alive }) => keep_alive),
    [undefined, -1, '30m', 600],
  );
});

it('takes a full queue of Ollama, which comes without Retry-After, as overloaded', async () => {
  await using server = await ollamaStandIn({ knobs: { status: 503 } });
  const embedder = ollamaEmbedder({ url: server.url, model: 'all-minilm' });
  await assert.rejects(embedder.canary(NEVER), { failure: 'overloaded', retryAfterMs: null });
});

it('knows a model by its name without ":latest"', () => {
  const embedder = ollamaEmbedder({ url: 'http://127.0.0.1:1', model: 'nomic-embed-text:latest' });
  assert.equal(embedder.profile.model, 'nomic-embed-text');
  assert.equal(embedder.profile.dimensions, 768);
});

it('tells whether the model is loaded, and takes a server that does not tell for one that has it', async () => {
  await using server = await ollamaStandIn();
  const embedder = ollamaEmbedder({ url: server.url, model: 'all-minilm' });
  assert.equal(await embedder.isLoaded?.(NEVER), false);
  await embedder.canary(NEVER);
  assert.equal(await embedder.isLoaded?.(NEVER), true);
  assert.equal(await ollamaEmbedder({ url: server.url, model: 'all-minilm:latest' }).isLoaded?.(NEVER), true);
  server.unload();
  assert.equal(await embedder.isLoaded?.(NEVER), false);
  server.set({ status: 404, faultsOn: ['models'] });
  assert.equal(await embedder.isLoaded?.(NEVER), true);
  server.set({ status: 500 });
  await assert.rejects(async () => embedder.isLoaded?.(NEVER), { failure: 'server_error' });
});

it('refuses dimensions that the model was not trained for', () => {
  const server = { url: 'http://127.0.0.1:1', model: 'nomic-embed-text' };
  assert.throws(
    () => ollamaEmbedder({ ...server, dimensions: 100 }),
    /cannot have 100 dimensions: it can have 64, 128, 256, 512, 768/,
  );
  assert.equal(ollamaEmbedder({ ...server, dimensions: 256 }).profile.dimensions, 256);
});
