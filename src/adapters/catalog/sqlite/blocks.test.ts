import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Block } from '../../../core/documents/document.ts';
import { packBlocks, unpackBlocks } from './blocks.ts';

it('gives blocks back as they were stored', () => {
  const blocks: readonly Block[] = [
    { kind: 'heading', start: 0, end: 5, level: 1 },
    { kind: 'paragraph', start: 7, end: 30, level: 0 },
    { kind: 'heading', start: 32, end: 32, level: 2, label: 'Pages' },
    { kind: 'table', start: 32, end: 60, level: 0, page: 3 },
    { kind: 'heading', start: 60, end: 60, level: 6, page: 4, label: '' },
    { kind: 'code', start: 61, end: 70, level: 0 },
  ];
  assert.deepEqual(unpackBlocks(packBlocks(blocks)), blocks);
  assert.deepEqual(unpackBlocks(packBlocks([])), []);
});
