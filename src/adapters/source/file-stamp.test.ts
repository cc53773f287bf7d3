import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileStamp, type FileState } from './file-stamp.ts';

const MS = 1_000_000n;
const CHANGED_MS = 1_700_000_000_000;
const state: FileState = {
  dev: 1n,
  ino: 42n,
  size: 7n,
  mtimeNs: BigInt(CHANGED_MS) * MS + 123n,
  ctimeNs: BigInt(CHANGED_MS) * MS + 456n,
};

describe('a file stamp', () => {
  it('is another one when anything is different', () => {
    const now = CHANGED_MS + 60_000;
    const { dev, ino, size, mtimeNs, ctimeNs } = state;
    const changes: readonly FileState[] = [
      { ...state, dev: dev + 1n },
      { ...state, ino: ino + 1n },
      { ...state, size: size + 1n },
      { ...state, mtimeNs: mtimeNs + 1n },
      { ...state, ctimeNs: ctimeNs + 1n },
    ];
    const stamps = [state, ...changes].map((one) => fileStamp(one, now));
    assert.equal(new Set(stamps).size, 6);
    assert.equal(stamps.includes(null), false);
  });

  it('is not given while another write could have the same time', () => {
    assert.equal(fileStamp(state, CHANGED_MS), null);
    assert.equal(fileStamp(state, CHANGED_MS + 30), null);
    assert.notEqual(fileStamp(state, CHANGED_MS + 31), null);
    assert.equal(fileStamp({ ...state, mtimeNs: state.mtimeNs - 3_600_000n * MS }, CHANGED_MS + 10), null);
  });

  it('waits for longer where times are whole seconds', () => {
    const coarse = { ...state, mtimeNs: BigInt(CHANGED_MS) * MS, ctimeNs: BigInt(CHANGED_MS) * MS };
    assert.equal(fileStamp(coarse, CHANGED_MS + 2_000), null);
    assert.notEqual(fileStamp(coarse, CHANGED_MS + 3_001), null);
  });

  it('is not given to a file from the future', () => {
    assert.equal(fileStamp(state, CHANGED_MS - 60_000), null);
  });

  it('changes when other bytes of the same size and time take their place', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-stamp-'));
    t.after(async () => rm(folder, { recursive: true }));
    const path = join(folder, 'a.md');
    const past = new Date(CHANGED_MS);
    const stamp = async (): Promise<string | null> =>
      fileStamp(await stat(path, { bigint: true }), Date.now() + 60_000);
    await writeFile(path, 'heron');
    await utimes(path, past, past);
    const first = await stamp();
    await writeFile(join(folder, 'b.md'), 'crane');
    await utimes(join(folder, 'b.md'), past, past);
    await rename(join(folder, 'b.md'), path);
    assert.notEqual(await stamp(), first);
  });
});
