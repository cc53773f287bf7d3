import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { findMinilm, findOllama, startRealOllama } from './real-ollama.ts';
import { cosine, jsonOf } from './wire.ts';

const ollama = findOllama();
const minilm = findMinilm();
const missing = 'missing' in ollama ? ollama.missing : 'missing' in minilm ? minilm.missing : null;

test(
  'the real all-MiniLM in a real Ollama puts sentences of one meaning together',
  { skip: missing === null ? false : `NOT CHECKED: ${missing}` },
  async () => {
    assert.ok(!('missing' in ollama) && 'file' in minilm);
    await using server = await startRealOllama(ollama);
    await server.create('holdfast-minilm', await readFile(minilm.file));
    const input = ['How do I stop the server?', 'Shutting down the service', 'A recipe for apple pie'];
    const { embeddings } = await jsonOf(`${server.url}/api/embed`, {
      json: { model: 'holdfast-minilm', input },
    });
    const [asked = [], near = [], far = []] = embeddings as number[][];
    assert.equal(asked.length, 384);
    assert.ok(cosine(asked, near) > cosine(asked, far) + 0.3);
  },
);
