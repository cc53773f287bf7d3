import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GENERATION, scopeOf } from '../../test/library.ts';
import { HoldfastError, type ErrorCode } from '../core/errors.ts';
import type { PrepareInput } from '../core/ingest/prepare.ts';
import { extractionOf } from './extract.ts';
import { failureOf } from './outcome.ts';

const NEVER = new AbortController().signal;
const INPUT: PrepareInput = {
  scope: scopeOf('docs'),
  item: 'a.doc',
  name: 'a.doc',
  bytes: new Uint8Array(1),
  format: null,
  mediaType: null,
  title: null,
  uri: null,
  fallbackUri: null,
  metadata: {},
  language: 'auto',
  generation: GENERATION,
  chunkTokens: 200,
};

/** What a document shows, and whether it is tried again, when its try of that number ends so. */
async function outcome(code: ErrorCode, tries: number): Promise<string> {
  const extractor = { extract: async () => Promise.reject(new HoldfastError(code, 'because')) };
  try {
    const found = await extractionOf({ input: INPUT, tries }, extractor, NEVER);
    return found instanceof HoldfastError ? `failed ${found.code}` : 'taken';
  } catch (error) {
    const { kind, problem } = failureOf(error);
    return `${kind} ${problem.code}`;
  }
}

test('an extractor that is away is tried for a while, and then the document fails with the reason', async () => {
  for (const tries of [1, 11])
    assert.equal(await outcome('extractor_unavailable', tries), 'transient extractor_unavailable');
  assert.equal(await outcome('extractor_unavailable', 12), 'failed extractor_unavailable');
});

test('an extractor that is busy is waited for as long as it takes', async () => {
  assert.equal(await outcome('extractor_busy', 100), 'transient extractor_busy');
});

test('a file that takes too long is tried three times', async () => {
  assert.equal(await outcome('document_timeout', 2), 'transient extractor_unavailable');
  assert.equal(await outcome('document_timeout', 3), 'failed document_timeout');
});

test('a document that the worker lets go of has not failed', async () => {
  const stopped = new HoldfastError('shutting_down', 'the worker is being stopped');
  const extractor = { extract: async () => Promise.reject(stopped) };
  const extracting = extractionOf({ input: INPUT, tries: 1 }, extractor, AbortSignal.abort(stopped));
  await assert.rejects(extracting, stopped);
});

test('what is wrong with the file fails it at once', async () => {
  assert.equal(await outcome('document_malformed', 1), 'failed document_malformed');
});
