import assert from 'node:assert/strict';
import { it } from 'node:test';
import { remoteGeneratorContract, written } from '../../../test/contract/generator.ts';
import { httpServer, modelFailure } from '../../../test/contract/model-failures.ts';
import { openaiStandIn } from '../../faults/models/openai.ts';
import { openaiGenerator } from './openai.ts';

remoteGeneratorContract('openai', {
  create: (url, model = 'tiny') => openaiGenerator({ url, model }),
  startStandIn: openaiStandIn,
});

/** What is written when the server answers with this body. */
async function writtenFrom(type: string, body: string): Promise<string> {
  await using server = await httpServer((_, response) =>
    response.writeHead(200, { 'content-type': type }).end(body),
  );
  return await written(openaiGenerator({ url: server.url, model: 'm' }));
}

const delta = (content: string | null, reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ delta: content === null ? {} : { content }, finish_reason: reason }] })}`;
const EVENTS = 'text/event-stream';

it('reads a stream without [DONE] that says why it ended', async () => {
  assert.equal(
    await writtenFrom(EVENTS, `${delta('At ')}\n\n${delta('two')}\n\n${delta(null, 'stop')}`),
    'At two',
  );
});

it('reads carriage returns, comments, keep-alives and events without choices', async () => {
  const body = `: ping\r\n\r\n${delta('At')}\r\n\r\ndata: {"choices":[],"error":null}\r\n\r\nid: 7\r\n${delta(' two')}\r\n\r\ndata: [DONE]\r\n\r\n`;
  assert.equal(await writtenFrom(EVENTS, body), 'At two');
});

it('reads a whole answer from a server that does not stream', async () => {
  const body = { choices: [{ message: { role: 'assistant', content: 'At two' }, finish_reason: 'stop' }] };
  assert.equal(await writtenFrom('application/json; charset=utf-8', JSON.stringify(body)), 'At two');
});

for (const [title, body, failure] of [
  ['an error with a status', 'data: {"error":{"message":"slow down","code":429}}\n\n', 'overloaded'],
  ['an error with a name', 'data: {"error":{"message":"slow down","code":"boom"}}\n\n', 'server_error'],
  ['an error event', 'event: error\ndata: {"message":"slow down"}\n\n', 'server_error'],
] as const) {
  it(`takes ${title} in the middle as ${failure}`, async () => {
    const error = await modelFailure(writtenFrom(EVENTS, `${delta('At')}\n\n${body}`));
    assert.equal(error.failure, failure);
    assert.match(error.message, /slow down/);
  });
}

it('takes an error with status 200 as what it says', async () => {
  const body = '{"error":{"message":"no such key","code":401}}';
  assert.equal((await modelFailure(writtenFrom('application/json', body))).failure, 'unauthorized');
});
