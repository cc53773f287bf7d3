import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fillDisk, withSmallDisk } from '../../test/contract/small-disk.ts';
import { openDataFolder, readLock } from './data-folder.ts';

const owner = { pid: process.pid, startedAt: '2026-01-01T00:00:00.000Z' };
const ADDRESS = 'http://127.0.0.1:8600';

describe('the data folder', () => {
  let parent: string;
  let path: string;
  const children: ChildProcess[] = [];

  /** A process that takes the folder and keeps it. */
  const holder = async (): Promise<ChildProcess> => {
    const script = `
      const { openDataFolder } = await import(${JSON.stringify(join(import.meta.dirname, 'data-folder.ts'))});
      const owner = { pid: process.pid, startedAt: new Date(0).toISOString() };
      openDataFolder(${JSON.stringify(path)}, owner).setAddress('${ADDRESS}');
      process.stdout.write('held');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    return child;
  };

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'holdfast-folder-'));
    path = join(parent, 'deep', 'data');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
    await rm(parent, { recursive: true });
  });

  it('is made for this user only', async () => {
    await using folder = openDataFolder(path, owner);
    assert.equal(folder.path, path);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    assert.equal((await stat(join(path, 'holdfast.lock.json'))).mode & 0o777, 0o600);
  });

  it('tells who has it and where the API listens', async () => {
    await using folder = openDataFolder(path, owner);
    assert.match(folder.token, /^[0-9a-f]{64}$/);
    assert.deepEqual(readLock(path), { ...owner, address: null, token: folder.token });
    folder.setAddress(ADDRESS);
    assert.deepEqual(readLock(path), { ...owner, address: ADDRESS, token: folder.token });
  });

  it('is given once within a process', async () => {
    await using folder = openDataFolder(path, owner);
    assert.throws(() => openDataFolder(path, owner), { code: 'data_folder_locked' });
    assert.throws(() => openDataFolder(path, owner), { message: new RegExp(`process ${process.pid}`) });
    assert.equal(readLock(path)?.token, folder.token);
  });

  it('is free again, without traces, when it is disposed of', async () => {
    const first = openDataFolder(path, owner);
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    assert.equal(readLock(path), null);
    assert.equal(existsSync(join(path, 'holdfast.lock.json')), false);
    await using second = openDataFolder(path, owner);
    first.setAddress('http://gone');
    assert.equal(readLock(path)?.address, null);
    assert.notEqual(second.token, first.token);
  });

  it('names the process that has it', async () => {
    const child = await holder();
    assert.equal(readLock(path)?.pid, child.pid);
    assert.throws(() => openDataFolder(path, owner), {
      code: 'data_folder_locked',
      message: `${path} is in use by process ${child.pid} (${ADDRESS}), started 1970-01-01T00:00:00.000Z.`,
    });
    assert.equal(readLock(path)?.pid, child.pid, 'the attempt does not free it');
  });

  it('is free when its owner is killed, also while the pid lives on in the file', async () => {
    const child = await holder();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const left = JSON.parse(await readFile(join(path, 'holdfast.lock.json'), 'utf8')) as { pid: number };
    assert.equal(left.pid, child.pid);
    await writeFile(join(path, 'holdfast.lock.json'), JSON.stringify({ ...left, pid: process.ppid }));

    assert.equal(readLock(path), null);
    await using folder = openDataFolder(path, owner);
    assert.equal(readLock(path)?.token, folder.token);
  });

  it('is locked also when nothing is known about the owner', async () => {
    const child = await holder();
    await writeFile(join(path, 'holdfast.lock.json'), '{"pid":');
    assert.equal(readLock(path), null);
    assert.throws(() => openDataFolder(path, owner), {
      code: 'data_folder_locked',
      message: `${path} is in use by another process.`,
    });
    assert.equal(child.exitCode, null);
  });

  it('has no owner when it does not exist or was never used', () => {
    assert.equal(readLock(path), null);
    assert.equal(readLock(parent), null);
    assert.equal(existsSync(path), false);
  });

  it('is refused when it is a file or lies below one', async () => {
    const file = join(parent, 'file');
    await writeFile(file, 'x');
    for (const unusable of [file, join(file, 'data')]) {
      assert.throws(
        () => openDataFolder(unusable, owner),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'data_folder_unusable');
          assert.match(error.message, new RegExp(`^${unusable} cannot be used: .*not a folder`));
          return true;
        },
      );
    }
  });

  it('is refused when this user may not write it', () => {
    chmodSync(parent, 0o555);
    const script = `
      const { openDataFolder } = await import(${JSON.stringify(join(import.meta.dirname, 'data-folder.ts'))});
      try {
        openDataFolder(${JSON.stringify(path)}, { pid: 1, startedAt: '' });
      } catch (error) {
        process.stdout.write(error.code + ': ' + error.message);
      }`;
    // Root may write everywhere, so it becomes nobody.
    const user = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      ...user,
    });
    assert.equal(
      child.stdout,
      `data_folder_unusable: ${path} cannot be used: this user may not write there.`,
      child.stderr,
    );
  });

  it('is refused when its lock file is damaged', async () => {
    await openDataFolder(path, owner)[Symbol.asyncDispose]();
    await writeFile(join(path, 'lock.db'), 'This is no database. '.repeat(100));
    assert.throws(() => openDataFolder(path, owner), {
      code: 'data_folder_unusable',
      message: /not a database/,
    });
  });

  it('is given, and locked, on a full disk', (t) =>
    withSmallDisk(t, async (disk) => {
      await openDataFolder(disk, owner)[Symbol.asyncDispose]();
      await fillDisk(disk);
      await using folder = openDataFolder(disk, owner);
      assert.throws(() => openDataFolder(disk, owner), { code: 'data_folder_locked' });
      folder.setAddress(ADDRESS);
      assert.deepEqual((await readdir(disk)).toSorted(), ['ballast', 'lock.db']);
    }));
});
