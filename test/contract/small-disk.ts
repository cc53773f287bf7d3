import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Runs a test in the folder of a real file system of 6 MB; skips it, loudly, where none can be mounted. */
export async function withSmallDisk(test: TestContext, work: (disk: string) => Promise<void>): Promise<void> {
  const disk = await mkdtemp(join(tmpdir(), 'holdfast-disk-'));
  try {
    if (spawnSync('/usr/bin/env', ['mount', '-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]).status !== 0) {
      test.skip('NOT TESTED on a real full disk: mounting a tmpfs needs root on Linux');
      return;
    }
    try {
      await work(disk);
    } finally {
      spawnSync('/usr/bin/env', ['umount', '-l', disk]);
    }
  } finally {
    await rm(disk, { recursive: true });
  }
}

/** Writes until not one page is left; returns the file to delete for space. */
export async function fillDisk(disk: string): Promise<string> {
  const path = join(disk, 'ballast');
  const file = await open(path, 'w');
  const page = Buffer.alloc(4096);
  try {
    for (;;) await file.write(page);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    return path;
  } finally {
    await file.close();
  }
}
