import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Knobs } from './knobs.ts';
import { ollamaStandIn } from './ollama.ts';
import { openaiStandIn } from './openai.ts';
import type { StandIn } from './stand-in.ts';

const EMBED = { model: 'all-minilm', input: ['one', 'two'] };
const CHAT = { model: 'tiny', messages: [{ role: 'user', content: 'hello' }] };

async function post(url: string, json: unknown, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(url, { method: 'POST', body: JSON.stringify(json), signal, redirect: 'manual' });
}

async function embed({ url }: StandIn, signal: AbortSignal | null = null): Promise<Response> {
  return post(`${url}/api/embed`, EMBED, signal);
}

async function chat({ url }: StandIn, signal: AbortSignal | null = null): Promise<Response> {
  return post(`${url}/api/chat`, CHAT, signal);
}

async function vectors(standIn: StandIn): Promise<unknown> {
  return ((await (await embed(standIn)).json()) as { embeddings: unknown }).embeddings;
}

test('answers with a status, Retry-After and the error body of the server', async () => {
  const knobs: Partial<Knobs> = { status: 429, retryAfter: '7' };
  await using ollama = await ollamaStandIn({ knobs });
  await using openai = await openaiStandIn({ knobs });
  const first = await embed(ollama);
  assert.deepEqual([first.status, first.headers.get('retry-after')], [429, '7']);
  assert.deepEqual(await first.json(), { error: 'rate limit exceeded' });
  const second = (await (await post(`${openai.url}/v1/embeddings`, EMBED)).json()) as { error: object };
  assert.deepEqual(second.error, {
    message: 'rate limit exceeded',
    type: 'requests',
    param: null,
    code: 'rate_limit_exceeded',
  });
});

test('keeps lists alive while inference hangs, and counts the clients that gave up', async () => {
  await using ollama = await ollamaStandIn({ knobs: { hangs: true } });
  const gone = new AbortController();
  const hung = embed(ollama, gone.signal);
  await ollama.until(({ inFlight }) => inFlight === 1);
  assert.equal((await fetch(`${ollama.url}/api/tags`)).status, 200);
  gone.abort();
  await assert.rejects(hung, { name: 'AbortError' });
  await ollama.until(({ inFlight, aborted }) => inFlight === 0 && aborted === 1);
  ollama.set({ faultsOn: ['models'] });
  assert.equal((await embed(ollama)).status, 200);
});

test('spoils the share of calls that the knob says, evenly', async () => {
  await using ollama = await ollamaStandIn({ knobs: { status: 500, share: 0.5 } });
  const statuses: number[] = [];
  for (let round = 0; round < 4; round++) statuses.push((await embed(ollama)).status);
  assert.deepEqual(statuses, [200, 500, 200, 500]);
  assert.equal(ollama.counts().injected, 2);
});

test('sends bodies that are no answer with status 200', async () => {
  await using ollama = await ollamaStandIn();
  for (const body of ['garbage', 'empty', 'html'] as const) {
    ollama.set({ body });
    const response = await embed(ollama);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type')?.startsWith('text/html'), body === 'html');
    await assert.rejects(response.json(), SyntaxError);
  }
  ollama.set({ body: 'other_json' });
  assert.deepEqual(await (await embed(ollama)).json(), { ok: true });
  ollama.set({ body: 'truncated' });
  await assert.rejects((await embed(ollama)).text());
  assert.equal(ollama.counts().aborted, 0);
});

test('answers with wrong vectors', async () => {
  await using ollama = await ollamaStandIn();
  const lengthsWith = async (embeddings: Knobs['embeddings']): Promise<number[]> => {
    ollama.set({ embeddings });
    return ((await vectors(ollama)) as number[][]).map((vector) => vector.length);
  };
  assert.deepEqual(await lengthsWith('wrong_count'), [384]);
  assert.deepEqual(await lengthsWith('wrong_dimension'), [385, 385]);
  assert.deepEqual(await lengthsWith('empty'), [0, 0]);
  assert.deepEqual(await lengthsWith('none'), []);
  ollama.set({ embeddings: 'zero' });
  assert.deepEqual(new Set(((await vectors(ollama)) as number[][]).flat()), new Set([0]));
  ollama.set({ embeddings: 'null' });
  assert.equal(((await vectors(ollama)) as unknown[][])[0]?.[0], null);
  ollama.set({ embeddings: 'nan' });
  assert.match(await (await embed(ollama)).text(), /\[NaN,/);
});

test('pads answers to a size that still parses', async () => {
  await using ollama = await ollamaStandIn({ knobs: { answerBytes: 1_000_000 } });
  const text = await (await embed(ollama)).text();
  assert.ok(text.length >= 1_000_000);
  assert.equal((JSON.parse(text) as { embeddings: unknown[] }).embeddings.length, 2);
  assert.ok((await (await chat(ollama)).text()).length >= 1_000_000);
});

test('redirects to another host', async () => {
  await using ollama = await ollamaStandIn({ knobs: { redirectTo: 'http://other.example/api/embed' } });
  const response = await embed(ollama);
  assert.deepEqual(
    [response.status, response.headers.get('location')],
    [307, 'http://other.example/api/embed'],
  );
});

test('breaks a stream off in every way', async () => {
  await using ollama = await ollamaStandIn({ answer: 'a b c', knobs: { breakAfterTokens: 2 } });
  const linesWith = async (breakWith: Knobs['breakWith']): Promise<string[]> => {
    ollama.set({ breakWith });
    return (await (await chat(ollama)).text()).trimEnd().split('\n');
  };
  const ended = await linesWith('end');
  assert.deepEqual([ended.length, ended.at(-1)?.includes('"done":false')], [2, true]);
  const failed = await linesWith('error');
  assert.deepEqual([failed.length, Object.keys(JSON.parse(failed.at(-1) ?? '') as object)], [3, ['error']]);
  const garbage = await linesWith('garbage');
  assert.throws(() => JSON.parse(garbage.at(-1) ?? '') as unknown, SyntaxError);
  for (const breakWith of ['close', 'reset'] as const) await assert.rejects(linesWith(breakWith));
  assert.equal(ollama.counts().aborted, 0);
});

test('stalls in the middle of a stream until the client leaves', async () => {
  await using ollama = await ollamaStandIn({ answer: 'a b c', knobs: { breakAfterTokens: 2 } });
  const gone = new AbortController();
  const reading = chat(ollama, gone.signal).then(async (response) => response.text());
  await ollama.until(({ tokens }) => tokens === 2);
  gone.abort();
  await assert.rejects(reading, { name: 'AbortError' });
  await ollama.until(({ aborted }) => aborted === 1);
});

test('loads a cold model once for all callers, and again after an unload', async () => {
  await using ollama = await ollamaStandIn({ knobs: { coldLoadMs: 20 } });
  const answers = await Promise.all([embed(ollama), embed(ollama), embed(ollama)]);
  const loads = await Promise.all(
    answers.map(async (answer) => ((await answer.json()) as { load_duration: number }).load_duration),
  );
  assert.equal(ollama.counts().loads, 1);
  assert.ok(loads.every((load) => load > 1e6));
  const warm = (await (await embed(ollama)).json()) as { load_duration: number };
  assert.ok(warm.load_duration < 1e6);
  ollama.unload();
  await embed(ollama);
  assert.equal(ollama.counts().loads, 2);
});

test('lets so many calls through at once, queues others and refuses the rest with 503', async () => {
  await using ollama = await ollamaStandIn({
    answer: 'a b c',
    knobs: { parallel: 1, queue: 1, breakAfterTokens: 1 },
  });
  const gone = new AbortController();
  const first = chat(ollama, gone.signal).then(async (response) => response.text());
  await ollama.until(({ tokens }) => tokens === 1);
  ollama.set({ breakAfterTokens: null });
  const second = chat(ollama);
  await ollama.until(({ inFlight }) => inFlight === 2);
  assert.equal((await embed(ollama)).status, 200);
  const third = await chat(ollama);
  assert.equal(third.status, 503);
  assert.deepEqual(await third.json(), {
    error: 'server busy, please try again.  maximum pending requests exceeded',
  });
  gone.abort();
  await assert.rejects(first);
  assert.equal((await second).status, 200);
});

test('shows what it was asked, and forgets it on a reset', async () => {
  await using ollama = await ollamaStandIn({ knobs: { delayMs: 1 } });
  ollama.set({ status: 500 });
  await embed(ollama);
  assert.deepEqual(
    ollama.seen().map(({ method, path, body }) => ({ method, path, body })),
    [{ method: 'POST', path: '/api/embed', body: EMBED }],
  );
  ollama.reset();
  assert.deepEqual(ollama.seen(), []);
  assert.deepEqual([ollama.knobs.status, ollama.knobs.delayMs], [null, 1]);
  assert.equal(ollama.counts().calls.embed, 0);
});

test('turns knobs over HTTP and refuses those that do not exist', async () => {
  await using ollama = await ollamaStandIn();
  const control = async (
    method: string,
    json: unknown = null,
  ): Promise<{ status: number; error?: string }> => {
    const body = json === null ? null : JSON.stringify(json);
    const response = await fetch(`${ollama.url}/_faults`, { method, body });
    return { status: response.status, ...((await response.json()) as { error?: string }) };
  };
  const changed = await control('PATCH', { status: 503, retry_after: '2' });
  assert.deepEqual([changed.status, ollama.knobs.status, ollama.knobs.retryAfter], [200, 503, '2']);
  for (const wrong of [{ gremlins: 1 }, { status: 200 }, { share: 2 }, { faults_on: ['all'] }])
    assert.equal((await control('PATCH', wrong)).status, 400);
  assert.match((await control('PATCH', { retry_after: 5 })).error ?? '', /"retry_after" cannot be 5/);
  await control('DELETE');
  assert.equal(ollama.knobs.status, null);
  assert.throws(() => ollama.set({ delayMs: -1 }), /"delayMs" cannot be -1/);
});

test('answers from numbered passages with their markers, or says that they do not say', async () => {
  await using openai = await openaiStandIn();
  const ask = async (content: string): Promise<string | undefined> => {
    const json = { model: 'tiny', messages: [{ role: 'user', content }] };
    const response = await post(`${openai.url}/v1/chat/completions`, json);
    const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
    return choices[0]?.message.content;
  };
  const passages = '[1] Kilns are hot. Backups run daily at 02:00.\n[2] The river is wide.\n\n';
  assert.equal(await ask(`${passages}Question: When do backups run?`), 'Backups run daily at 02:00 [1].');
  const tagged = '<passage id="7">Backups run daily.</passage>\n\nWhen do backups run?';
  assert.equal(await ask(tagged), 'Backups run daily [7].');
  assert.equal(await ask(`${passages}Question: Who sings?`), 'The passages do not say.');
});
