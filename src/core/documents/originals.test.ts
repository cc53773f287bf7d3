import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOriginals } from './originals.ts';

const BYTES = Uint8Array.of(1);

/** Originals over a record of what is done to the blobs; `used` are those that something refers to. */
function recorded(used: ReadonlySet<string>) {
  const calls: string[] = [];
  const originals = createOriginals({
    blobs: {
      put: async (hash) => void calls.push(`put ${hash}`),
      adopt: async (hash, place) => void calls.push(`adopt ${hash} ${place}`),
      delete: async (hash) => void calls.push(`delete ${hash}`),
    },
    isUsed: async (hash) => used.has(hash),
  });
  return { originals, calls };
}

test('stores what is sent along, and adopts what has arrived before', async () => {
  const { originals, calls } = recorded(new Set());
  const held = [
    { hash: 'a', bytes: BYTES },
    { hash: 'b', bytes: { hash: 'b', sizeBytes: 1, place: '/uploads/b' } },
    { hash: 'c', bytes: { hash: 'c', sizeBytes: 1, place: null } },
  ];
  assert.equal(await originals.hold(held, async () => 'done'), 'done');
  assert.deepEqual(calls, ['put a', 'adopt b /uploads/b', 'adopt c null']);
});

test('deletes what nothing refers to when the work fails, and nothing else', async () => {
  const { originals, calls } = recorded(new Set(['used']));
  const held = ['used', 'unused'].map((hash) => ({ hash, bytes: BYTES }));
  const failing = originals.hold(held, async () => {
    throw new Error('the catalog is full');
  });
  await assert.rejects(failing, /the catalog is full/);
  assert.deepEqual(calls, ['put used', 'put unused', 'delete unused']);
});

test('keeps what another one holds until that lets go of it', async () => {
  const { originals, calls } = recorded(new Set());
  const going = Promise.withResolvers<void>();
  const held = [{ hash: 'a', bytes: BYTES }];
  const other = originals.hold(held, async () => going.promise);
  await assert.rejects(
    originals.hold(held, async () => {
      throw new Error('no');
    }),
  );
  assert.deepEqual(calls, ['put a', 'put a']);
  going.resolve();
  await other;
  assert.deepEqual(calls, ['put a', 'put a', 'delete a']);
});
