import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { offer } from './generator.ts';
import { latencies, p99Of, requireSent, requireValid, type Run } from './run-figures.ts';
import { judged, percent, type Setting } from './section.ts';
import { startServer } from './server-process.ts';

const PER_SECOND = 100;
const SECONDS = 30;
const ROOM_MEGABYTES = 1024;

/** A paragraph: the catalog cannot be written because its disk is full, and reads go on. */
export async function fullDiskRow(setting: Setting): Promise<string> {
  const disk = await mkdtemp(join(tmpdir(), 'holdfast-disk-'));
  const mounted = spawnSync('/usr/bin/env', [
    'mount',
    '-t',
    'tmpfs',
    '-o',
    `size=${ROOM_MEGABYTES}m`,
    'tmpfs',
    disk,
  ]);
  try {
    if (mounted.status !== 0)
      return 'Catalog that cannot be written: not measured, because mounting a small disk needs root on Linux.';
    try {
      return await measure(disk, setting);
    } finally {
      spawnSync('/usr/bin/env', ['umount', '-l', disk]);
    }
  } finally {
    await rm(disk, { recursive: true });
  }
}

async function measure(disk: string, { store, scale, note }: Setting): Promise<string> {
  note('faults: catalog, full disk');
  const dataDir = join(disk, 'data');
  await cp(store.dataDir, dataDir, { recursive: true });
  await using server = await startServer(dataDir);
  const { address } = server;
  const ask = async (seed: number): Promise<Run> => {
    const model = { kind: 'open', perSecond: PER_SECOND, seed } as const;
    return offer({ address, ...store.material, seconds: SECONDS * scale, model });
  };
  await ask(1);
  const healthy = requireValid('before the disk is full', await ask(2), { mayRefuse: false });
  await fill(join(disk, 'ballast'));
  const status = await write(address, store.material.collection);
  if (status !== 507) throw new Error(`INVALID RUN: a write to the full disk got status ${status}, not 507`);
  const full = requireSent('full disk', await ask(3));
  const available = latencies(full.samples).length / full.samples.length;
  const ratio = p99Of(full.samples) / p99Of(healthy.samples);
  return `Catalog that cannot be written, because its disk is full (a write gets status 507): ${percent(available, 2)} of the questions answered, p99 ${p99Of(full.samples).toFixed(1)} ms, ${ratio.toFixed(2)} times the healthy one of ${p99Of(healthy.samples).toFixed(1)} ms; answers are extracted here: ${judged(available === 1 && ratio <= 1.3)}.`;
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const size of [2 ** 20, 4096]) {
      const block = Buffer.alloc(size);
      while (await fits(file.write(block)));
    }
  } finally {
    await file.close();
  }
}

async function fits(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing;
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}

async function write(address: string, collection: string): Promise<number> {
  const response = await fetch(`${address}/api/v1/rag/collections/${collection}/documents`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'x '.repeat(20_000) }),
  });
  await response.body?.cancel();
  return response.status;
}
