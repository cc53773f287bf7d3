import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Generator, Message } from '../../models/generator.ts';
import { ModelError } from '../../models/model-error.ts';
import { condense } from './condense.ts';

const NEVER = new AbortController().signal;
const HISTORY: readonly Message[] = [
  { role: 'user', content: 'How do I make a backup?' },
  { role: 'assistant', content: 'Stop Holdfast and copy the data folder.' },
];

function saying(text: string, failure?: Error): Generator {
  return {
    profile: { model: 'test', contextTokens: 4096, maxOutputTokens: 100, canStream: true },
    preload: async () => undefined,
    async *generate() {
      if (failure !== undefined) throw failure;
      yield text;
    },
  };
}

test('leaves a question without a conversation as it is', async () => {
  const generator = saying('should not be asked');
  assert.equal(await condense('And restore?', [], { generator, signal: NEVER }), 'And restore?');
});

test('asks the model for a question that stands alone', async () => {
  const generator = saying('"How do I restore a backup?"\n');
  assert.equal(
    await condense('And restore?', HISTORY, { generator, signal: NEVER }),
    'How do I restore a backup?',
  );
});

test('puts the question before in front without a model, and when the model fails or rambles', async () => {
  const expected = 'How do I make a backup? And restore?';
  const generators = [
    null,
    saying('', new ModelError('timeout', 'late')),
    saying('x'.repeat(600)),
    saying(''),
  ];
  for (const generator of generators) {
    assert.equal(await condense('And restore?', HISTORY, { generator, signal: NEVER }), expected);
  }
});

test('ends with the signal when the asker goes', async () => {
  const gone = new AbortController();
  gone.abort(new Error('gone'));
  const generator = saying('', new ModelError('unreachable', 'closed'));
  await assert.rejects(condense('And restore?', HISTORY, { generator, signal: gone.signal }), /gone/);
});
