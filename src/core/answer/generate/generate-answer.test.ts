import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChunkId, CollectionName, DocumentId, VersionId } from '../../documents/ids.ts';
import type { GenerateRequest, Generator } from '../../models/generator.ts';
import { ModelError } from '../../models/model-error.ts';
import { generateAnswer, type GenerationInput, type GenerationOutcome } from './generate-answer.ts';
import { buildPrompt } from './prompt.ts';

const TEXT = 'Backups run daily at 02:00. They are kept for 30 days.';
const NEVER = new AbortController().signal;

function passage(text: string): GenerationInput['passages'][number] {
  const result = {
    rank: 1,
    collection: 'docs' as CollectionName,
    chunkId: `${'a'.repeat(32)}-0` as ChunkId,
    documentId: 'd'.repeat(32) as DocumentId,
    documentVersion: 'a'.repeat(32) as VersionId,
    title: 'Operations',
    uri: null,
    headingPath: ['Backups'],
    page: null,
    start: 0,
    end: text.length,
    text,
    score: 1,
  };
  return { text, start: 0, language: 'en', result };
}

/** A model that says what the test tells it to, in small pieces. */
function saying(
  text: string,
  failure?: Error,
  contextTokens = 4096,
): Generator & { readonly requests: GenerateRequest[] } {
  const requests: GenerateRequest[] = [];
  return {
    requests,
    profile: { model: 'test', contextTokens, maxOutputTokens: 256, canStream: true },
    preload: async () => undefined,
    async *generate(request) {
      requests.push(request);
      for (let at = 0; at < text.length; at += 3) yield text.slice(at, at + 3);
      if (failure !== undefined) throw failure;
    },
  };
}

async function run(
  generator: Generator,
  texts: readonly string[] = [TEXT],
): Promise<{ shown: string; outcome: GenerationOutcome }> {
  const tools = {
    generator,
    countTokens,
    embed: () => new Float32Array(4),
    terms: (text: string) =>
      [...text.toLowerCase().matchAll(/[a-z0-9:]+/g)].map((match) => ({
        term: match[0],
        start: match.index,
        end: 0,
      })),
  };
  const stream = generateAnswer(
    { question: 'When do backups run?', passages: texts.map(passage) },
    tools,
    NEVER,
  );
  let shown = '';
  for (let next = await stream.next(); ; next = await stream.next()) {
    if (next.done === true) return { shown, outcome: next.value };
    shown += next.value;
  }
}

function countTokens(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

test('streams a grounded answer and cites the exact sentence', async () => {
  const { shown, outcome } = await run(saying('Backups run daily at 02:00 [1].'));
  assert.equal(shown, 'Backups run daily at 02:00 [1].');
  assert.equal(outcome.kind, 'answered');
  if (outcome.kind !== 'answered') return;
  const [citation] = outcome.citations;
  assert.equal(citation?.quote, TEXT.slice(citation?.start, citation?.end));
  assert.equal(citation?.quote, 'Backups run daily at 02:00.');
});

test('reports an answer without a valid marker as ungrounded', async () => {
  for (const text of [
    'Backups run daily at 02:00.',
    'Backups run daily at 02:00 [7].',
    'I am sorry, as a model [1].',
  ]) {
    const { outcome } = await run(saying(text));
    assert.equal(outcome.kind, 'failed', text);
    assert.match(outcome.kind === 'failed' ? outcome.reason : '', /ungrounded/);
  }
});

test('reports a model that fails in the middle with its reason', async () => {
  const { shown, outcome } = await run(
    saying('Backups run daily ', new ModelError('timeout', 'no token for 5000 ms')),
  );
  assert.ok(shown.startsWith('Backups run'));
  assert.deepEqual(outcome, { kind: 'failed', reason: 'no token for 5000 ms' });
});

test('shows nothing of a refusal', async () => {
  const { shown, outcome } = await run(saying('NOT_ANSWERED'));
  assert.equal(shown, '');
  assert.deepEqual(outcome, { kind: 'not_answered' });
});

test('does not trust an answer that says in its middle that there is none', async () => {
  const { shown, outcome } = await run(saying('Backups run daily at 02:00 [1]. NOT_ANSWERED'));
  assert.doesNotMatch(shown, /NOT/);
  assert.equal(outcome.kind, 'failed');
});

test('shows an answer that begins like a refusal in full', async () => {
  const { shown } = await run(saying('NOT before 02:00: backups run daily at 02:00 [1].'));
  assert.equal(shown, 'NOT before 02:00: backups run daily at 02:00 [1].');
});

test('says so when no passage fits the context', async () => {
  const { outcome } = await run(saying('x', undefined, 300));
  assert.equal(outcome.kind, 'failed');
});

test('puts as many passages into the prompt as the budget holds, numbered', () => {
  const passages = Array.from({ length: 10 }, (_, at) => ({
    title: `T${at}`,
    headingPath: [],
    text: 'word '.repeat(100),
  }));
  const { messages, passageCount } = buildPrompt({
    question: 'why?',
    passages,
    budgetTokens: 500,
    countTokens,
  });
  assert.ok(passageCount >= 3 && passageCount < 5, String(passageCount));
  const total = messages.reduce((sum, { content }) => sum + countTokens(content), 0);
  assert.ok(total <= 500, String(total));
  assert.match(messages[1]?.content ?? '', /id="1" title="T0"[^]*id="2" title="T1"[^]*Question: why\?$/);
});
