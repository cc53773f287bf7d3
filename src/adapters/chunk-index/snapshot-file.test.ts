import assert from 'node:assert/strict';
import { mkdir, open, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { randomInteger, seededRandom } from '../../../test/random.ts';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { quantise } from '../../engine/dense/dense-index.ts';
import { LEXICAL_DEFAULTS } from '../../engine/lexical/constants.ts';
import { Partition, type StoredPartition } from '../../engine/partition.ts';
import { readSnapshot, removeSnapshot, writeSnapshot } from './snapshot-file.ts';
import { systemClock } from '../../lib/clock.ts';
import { atOnce, timeSlices } from '../../lib/time-slices.ts';

const OPTIONS = { dimensions: 4, constants: LEXICAL_DEFAULTS };
/** The smallest ones: a rest after every step. */
const SLICES = timeSlices({ clock: systemClock, sliceMs: 0 });
const INFO = { fingerprint: 'tests', sequence: 7 };
/** A word cut in the middle of a surrogate pair, and what UTF-8 would make of two such words. */
const HALVES = [`x${'𠀀'.repeat(40)}`, `x${'𠀀'.repeat(31)}𡀀`];

function samplePartition(): Partition {
  const partition = new Partition(OPTIONS);
  const bodies = ['restore a backup', 'HTTPServer v1.2.3', '日本語 café', ...HALVES, ''];
  for (const [number, body] of bodies.entries()) {
    partition.add({
      key: number.toString(16).padStart(32, 'a'),
      title: `Title ${number}`,
      language: number === 2 ? 'ja' : 'en',
      fields: { path: `docs/${number}.md`, size: number / 3, tags: ['a', '\ud800', true], empty: [] },
      passages: [{ headings: ['Head'], body, vector: quantise(Float32Array.of(number - 2, 1, 0, 0)) }],
    });
  }
  partition.remove('1'.padStart(32, 'a'));
  return partition;
}

async function written(folder: string, stored: StoredPartition): Promise<string> {
  const path = join(folder, 'sub', 'one.index');
  await writeSnapshot(path, { info: INFO, partition: stored }, SLICES);
  return path;
}

/** All that searches can tell of a partition. */
function behaviour(stored: StoredPartition): unknown {
  const partition = new Partition(OPTIONS, stored);
  const search = (text: string, path?: string): unknown =>
    partition.searchLexical(text, path === undefined ? {} : { path: (value) => value === path }, 10);
  return [
    ...['backup title', 'server 1.2.3', '本語', 'head cafe', ...HALVES].map((text) => search(text)),
    search('title', 'docs/3.md'),
    partition.searchDense(Float32Array.of(0.6, 0.8, 0, 0), {}, 10),
    [...partition.documents()],
  ];
}

describe('a snapshot file', () => {
  it('gives back what was written, bit by bit', async () => {
    await using folder = await temporaryFolder();
    const stored = atOnce(samplePartition().storing());
    const read = await readSnapshot(await written(folder.path, stored));
    assert.deepEqual(read, { info: INFO, partition: stored });
  });

  it('keeps apart words that UTF-8 cannot tell apart', async () => {
    await using folder = await temporaryFolder();
    const read = await readSnapshot(await written(folder.path, atOnce(samplePartition().storing())));
    assert.ok(read);
    const partition = new Partition(OPTIONS, read.partition);
    const found = HALVES.map((text) => partition.searchLexical(text, {}, 10).map(({ key }) => key.at(-1)));
    assert.deepEqual(found, [['3'], ['4']]);
  });

  for (const [name, make] of [
    ['nothing', () => new Partition(OPTIONS)],
    ['one removed document', () => removedAlone()],
  ] as const)
    it(`holds ${name}`, async () => {
      await using folder = await temporaryFolder();
      const stored = atOnce(make().storing());
      const read = await readSnapshot(await written(folder.path, stored));
      assert.deepEqual(read?.partition, stored);
    });

  it('is null when there is none', async () => {
    await using folder = await temporaryFolder();
    assert.equal(await readSnapshot(join(folder.path, 'none.index')), null);
  });

  it('never reads a flipped bit as anything else', async () => {
    await using folder = await temporaryFolder();
    const stored = atOnce(samplePartition().storing());
    const path = await written(folder.path, stored);
    const whole = await readFile(path);
    const expected = behaviour(stored);
    const random = seededRandom(31);
    const places = new Set([...Array(60).keys(), whole.length - 1]);
    while (places.size < 260) places.add(randomInteger(random, whole.length));
    let refused = 0;
    for (const place of places) {
      const damaged = Buffer.from(whole);
      damaged[place] = (damaged[place] ?? 0) ^ (1 << randomInteger(random, 8));
      await writeFile(path, damaged);
      try {
        const read = await readSnapshot(path);
        assert.ok(read);
        assert.deepEqual(read.info, INFO);
        assert.deepEqual(behaviour(read.partition), expected, `byte ${place}`);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        assert.match(String(error), /damaged|does not begin like a snapshot/);
        refused++;
      }
    }
    assert.ok(refused > 150, `${refused} refused`);
  });

  it('refuses a file that ends too early, wherever', async () => {
    await using folder = await temporaryFolder();
    const path = await written(folder.path, atOnce(samplePartition().storing()));
    const { length } = await readFile(path);
    for (let size = length - 17; size >= 0; size -= 37) {
      await truncate(path, size);
      await assert.rejects(readSnapshot(path), /damaged|does not begin like a snapshot/, `${size} bytes`);
    }
  });

  it('refuses a file of another kind, and one that says it is enormous', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'x');
    await writeFile(path, 'This is no snapshot. '.repeat(100));
    await assert.rejects(readSnapshot(path), /does not begin like a snapshot/);
    await writeFile(path, `HOLDFAST-INDEX-2${'9'.repeat(12)}00000000{}`);
    await assert.rejects(readSnapshot(path), /its header is damaged/);
  });

  it('replaces an older file at once, and what a crash left behind', async () => {
    await using folder = await temporaryFolder();
    const path = await written(folder.path, atOnce(new Partition(OPTIONS).storing()));
    await writeFile(`${path}.tmp`, 'half a snapshot');
    const stored = atOnce(samplePartition().storing());
    await written(folder.path, stored);
    assert.deepEqual((await readSnapshot(path))?.partition, stored);
    assert.deepEqual(await readdir(join(folder.path, 'sub')), ['one.index']);
  });

  it('leaves the old file, and no half of a new one, when it cannot be written', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'one.index');
    await mkdir(join(path, 'in the way'), { recursive: true });
    await assert.rejects(
      writeSnapshot(path, { info: INFO, partition: atOnce(samplePartition().storing()) }, SLICES),
    );
    assert.deepEqual(await readdir(folder.path), ['one.index']);
  });

  it('is removed with what a crash left behind; no file is no error', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'one.index');
    await (await open(path, 'w')).close();
    await (await open(`${path}.tmp`, 'w')).close();
    await removeSnapshot(path);
    await removeSnapshot(path);
    assert.deepEqual(await readdir(folder.path), []);
  });
});

function removedAlone(): Partition {
  const partition = new Partition(OPTIONS);
  const key = 'a'.repeat(32);
  partition.add({ key, title: '', language: 'en', fields: {}, passages: [] });
  partition.remove(key);
  return partition;
}
