import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChunkId, CollectionName, DocumentId, VersionId } from '../documents/ids.ts';
import type { SearchResult } from '../retrieval/search.ts';
import { composeAnswer } from './compose.ts';

function result(rank: number): SearchResult {
  return {
    rank,
    collection: 'docs' as CollectionName,
    chunkId: `chunk-${rank}` as ChunkId,
    documentId: `document-${rank}` as DocumentId,
    documentVersion: `version-${rank}` as VersionId,
    title: 'Operations',
    uri: null,
    headingPath: ['Backups'],
    page: null,
    start: 100,
    end: 200,
    text: 'Backups run daily.',
    score: 1,
  };
}

test('numbers the quotes and cites their places', () => {
  const quotes = [
    { passage: 1, start: 100, end: 118, quote: 'Backups run daily.', score: 9 },
    { passage: 0, start: 7, end: 26, quote: 'npm start -- \\\n  ./x', score: 8 },
  ];
  const { answer, citations } = composeAnswer({ refused: false, quotes, confidence: 0.9 }, [
    result(1),
    result(2),
  ]);
  assert.deepEqual(answer, {
    text: 'Backups run daily. [1]\nnpm start -- \\\n  ./x\n[2]',
    mode: 'extractive',
    refused: false,
    reason: null,
  });
  assert.deepEqual(
    citations.map(({ marker, chunkId, start, end, quote }) => ({ marker, chunkId, start, end, quote })),
    [
      { marker: 1, chunkId: 'chunk-2', start: 100, end: 118, quote: 'Backups run daily.' },
      { marker: 2, chunkId: 'chunk-1', start: 7, end: 26, quote: 'npm start -- \\\n  ./x' },
    ],
  );
});

test('a refusal says so and cites nothing', () => {
  const { answer, citations } = composeAnswer(
    { refused: true, reason: 'not_answered', quotes: [], confidence: 0.1 },
    [result(1)],
  );
  assert.equal(answer.refused, true);
  assert.equal(answer.reason, 'not_answered');
  assert.match(answer.text, /do not seem to answer/);
  assert.deepEqual(citations, []);
});
