import assert from 'node:assert/strict';
import { it } from 'node:test';
import { collected } from '../../../test/contract/collected.ts';
import { REQUEST, remoteGeneratorContract, written } from '../../../test/contract/generator.ts';
import { httpServer } from '../../../test/contract/model-failures.ts';
import { ollamaStandIn } from '../../faults/models/ollama.ts';
import { ollamaGenerator } from './ollama.ts';

const NEVER = new AbortController().signal;

remoteGeneratorContract('ollama', {
  create: (url, model = 'tiny') => ollamaGenerator({ url, model }),
  startStandIn: ollamaStandIn,
});

it('loads the model with the context that it answers with, so that it is loaded once', async () => {
  await using server = await ollamaStandIn();
  const generator = ollamaGenerator({ url: server.url, model: 'tiny', contextTokens: 4096, keepAlive: '-1' });
  await generator.preload(NEVER);
  await collected(generator.generate(REQUEST, NEVER));
  const chats = server.seen().filter(({ path }) => path === '/api/chat');
  const options = chats.map(({ body }) => body as { keep_alive: unknown; options: object });
  assert.deepEqual(
    options.map((body) => [body.keep_alive, body.options]),
    [
      [-1, { num_ctx: 4096 }],
      [-1, { num_ctx: 4096, num_predict: 32, temperature: 0 }],
    ],
  );
});

/** An Ollama whose model has these abilities, or that has no `/api/show` at all. */
async function thoughtful(capabilities: readonly string[] | null) {
  const chats: unknown[] = [];
  let shows = 0;
  const server = await httpServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat((await collected<Buffer>(request)).slice()).toString()) as object;
    if (request.url === '/api/show') {
      shows++;
      response.writeHead(capabilities === null ? 404 : 200).end(JSON.stringify({ capabilities }));
      return;
    }
    chats.push(body);
    response.end('{"message":{"content":"","thinking":"Hm"}}\n{"message":{"content":"Two"},"done":true}');
  });
  return { server, chats, shows: () => shows };
}

for (const [title, capabilities, think] of [
  ['tells a model that can think not to', ['completion', 'thinking'], false],
  ['does not speak of thinking to a model that cannot', ['completion'], undefined],
  ['does not speak of thinking to a server without abilities', null, undefined],
] as const) {
  it(title, async () => {
    const { server, chats, shows } = await thoughtful(capabilities);
    await using _ = server;
    const generator = ollamaGenerator({ url: server.url, model: 'm' });
    assert.equal(await written(generator), 'Two');
    await written(generator);
    assert.deepEqual(
      chats.map((body) => (body as { think?: boolean }).think),
      [think, think],
    );
    assert.equal(shows(), 1);
  });
}
