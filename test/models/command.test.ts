import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { runHoldfast, spawnHoldfast } from '../end-to-end/process.ts';
import { jsonOf } from './wire.ts';

/** A running `holdfast faults` and what it printed. */
async function rehearse(words: readonly string[]) {
  const child = spawnHoldfast(['faults', ...words, '--json']);
  const ended = once(child, 'close') as Promise<[number | null]>;
  const printed = await firstJson(child);
  return {
    printed,
    async stop(): Promise<number | null> {
      child.kill('SIGTERM');
      return (await ended)[0];
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function firstJson(child: ChildProcess): Promise<Readonly<Record<string, string>>> {
  let text = '';
  for await (const piece of child.stdout ?? []) {
    text += String(piece);
    if (text.trimEnd().endsWith('}')) return JSON.parse(text) as Record<string, string>;
  }
  throw new Error(`it ended without an address: ${text}`);
}

test('holdfast faults puts a proxy in front of a model server, both with faults from the start', async () => {
  const models = '[{"name":"nomic-embed-text","ability":"embedding","dimension":768}]';
  await using server = await rehearse(['ollama', '--models', models, '--embeddings', 'wrong_dimension']);
  const upstream = new URL(server.printed['address'] ?? '').host;
  const toxics = '[{"type":"http_headers","headers":{"x-rehearsal":"yes"}}]';
  await using proxy = await rehearse([
    'proxy',
    '--upstream',
    upstream,
    '--protocol',
    'http',
    '--toxics',
    toxics,
  ]);
  const url = `http://${proxy.printed['address']}/api/embed`;
  const body = JSON.stringify({ model: 'nomic-embed-text', input: 'x' });
  const response = await fetch(url, { method: 'POST', body });
  assert.equal(response.headers.get('x-rehearsal'), 'yes');
  const { embeddings } = (await response.json()) as { embeddings: number[][] };
  assert.equal(embeddings[0]?.length, 769);
  const { items } = await jsonOf(`${proxy.printed['control']}/proxies/proxy/toxics`);
  assert.equal((items as unknown[]).length, 1);
  assert.equal(await proxy.stop(), 0);
  assert.equal(await server.stop(), 0);
});

test('holdfast faults says what is wrong with its flags and ends with 2', async () => {
  const wrong: readonly [readonly string[], RegExp][] = [
    [[], /needs "proxy", "ollama" or "openai"/],
    [['proxy'], /needs --upstream/],
    [['proxy', '--upstream', 'a:1', '--toxics', '[{"type":"latency"}]'], /needs "latency_ms"/],
    [['ollama', '--hangs', 'maybe'], /"hangs" cannot be "maybe"/],
    [['openai', '--port', 'x'], /"x" is no port/],
  ];
  for (const [words, message] of wrong) {
    const { code, stdout, stderr } = await runHoldfast(['faults', ...words]);
    assert.deepEqual([code, stdout], [2, ''], words.join(' '));
    assert.match(stderr, message);
  }
});
