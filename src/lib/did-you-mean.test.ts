import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean } from './did-you-mean.ts';

const NAMES = ['serve', 'search', 'ingest', 'HOLDFAST_PORT', 'HOLDFAST_HOST'];

test('finds a name with swapped, missing, added or replaced letters', () => {
  assert.equal(didYouMean('sevre', NAMES), 'serve');
  assert.equal(didYouMean('serch', NAMES), 'search');
  assert.equal(didYouMean('ingesst', NAMES), 'ingest');
  assert.equal(didYouMean('HOLDFAST_PROT', NAMES), 'HOLDFAST_PORT');
});

test('ignores case', () => {
  assert.equal(didYouMean('holdfast_port', NAMES), 'HOLDFAST_PORT');
});

test('suggests nothing when no name is close', () => {
  assert.equal(didYouMean('frobnicate', NAMES), null);
  assert.equal(didYouMean('', NAMES), null);
  assert.equal(didYouMean('xy', []), null);
});
