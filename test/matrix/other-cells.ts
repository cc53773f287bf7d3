import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillDisk } from '../contract/small-disk.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { COMPONENT, explained, isWell } from './run-model-cell.ts';
import {
  COLLECTION,
  openRig,
  type Model,
  type Reply,
  type Rig,
  type RigOptions,
  type Template,
} from './rig.ts';
import { until } from './until.ts';

/** What a cell without a model's breaker showed. */
export interface OtherOutcome {
  readonly fault: string;
  readonly on: string;
  readonly title: string;
  /** Answers that were asked for under the fault; all were right. */
  readonly answers: number;
  readonly degraded: number;
  readonly slowestMs: number | null;
  /** What else was seen. */
  readonly seen: string;
}

export interface OtherCell {
  readonly fault: string;
  readonly on: 'catalog disk' | 'client' | 'server' | 'catalog disk + models';
  readonly title: string;
  /** Null: it cannot be tried on this machine. */
  run(
    template: Template,
  ): Promise<(Pick<OtherOutcome, 'seen'> & { readonly replies: readonly Reply[] }) | null>;
}

const DISK_MB = 64;
const CLIENTS = 12;

/** A disk of its own; null where none can be mounted. */
async function withDisk<T>(work: (disk: string) => Promise<T>): Promise<T | null> {
  const disk = await mkdtemp(join(tmpdir(), 'holdfast-disk-'));
  try {
    if (mount('-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', disk) !== 0) return null;
    try {
      return await work(disk);
    } finally {
      spawnSync('/usr/bin/env', ['umount', '-l', disk]);
    }
  } finally {
    await rm(disk, { recursive: true });
  }
}

function mount(...words: readonly string[]): number | null {
  return spawnSync('/usr/bin/env', ['mount', ...words]).status;
}

async function onDisk<T>(
  template: Template,
  work: (rig: Rig, disk: string) => Promise<T>,
): Promise<T | null> {
  return withDisk(async (disk) => {
    await using rig = await warmRig({ template, data: join(disk, 'data') });
    // Not before the work has ended may the server be stopped.
    return await work(rig, disk);
  });
}

async function warmRig(options: RigOptions): Promise<Rig> {
  const rig = await openRig(options);
  try {
    await until('the first answers are whole', async () => isWell(await rig.ask()));
    return rig;
  } catch (error) {
    await rig[Symbol.asyncDispose]();
    throw error;
  }
}

async function asked(
  rig: Rig,
  count: number,
  isRight: (reply: Reply) => boolean = isWell,
): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  for (let round = 0; round < count; round++) replies.push(await rig.ask());
  for (const reply of replies) assert.ok(isRight(reply), explained(reply));
  return replies;
}

async function write(
  { server: { api } }: Rig,
  id: string,
): Promise<{ readonly status: number; readonly code: unknown }> {
  const { status, body } = await api.submit(COLLECTION, { id, title: id, text: `The note ${id}.` });
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : null;
  return { status, code };
}

/** A write is refused while the disk takes none, and goes through again afterwards. */
async function refusedWrites(
  rig: Rig,
  heal: () => Promise<void>,
): Promise<Awaited<ReturnType<OtherCell['run']>>> {
  const refused = await write(rig, 'refused');
  assert.ok(
    refused.status === 507 || refused.status === 503,
    `a write got ${refused.status} ${String(refused.code)}`,
  );
  const replies = await asked(rig, 20);
  await heal();
  await until('a write goes through', async () => (await write(rig, 'later')).status === 201);
  await asked(rig, 3);
  return { replies, seen: `a write got ${refused.status} ${String(refused.code)}, later 201` };
}

const fullDisk: OtherCell['run'] = async (template) =>
  onDisk(template, async (rig, disk) => {
    const ballast = await fillDisk(disk);
    return refusedWrites(rig, async () => rm(ballast));
  });

const fullDiskAndAway =
  (models: readonly Model[]): OtherCell['run'] =>
  async (template) =>
    onDisk(template, async (rig, disk) => {
      const ballast = await fillDisk(disk);
      for (const model of models) await rig.proxies[model].add({ type: 'down' });
      const parts = models.map((model) => COMPONENT[model]);
      const isRight = ({ wrong, degraded }: Reply): boolean =>
        wrong === null && parts.every((part) => degraded.includes(part));
      const replies = await asked(rig, 20, isRight);
      await rm(ballast);
      for (const model of models) await rig.proxies[model].clear();
      await until('answers are whole again', async () => isWell(await rig.ask()));
      return { replies, seen: 'whole again once all are back' };
    });

/** Killed while it writes, three times: what was acknowledged is there, and answers go on. */
const killed: OtherCell['run'] = async (template) => {
  await using folder = await temporaryFolder();
  const data = join(folder.path, 'data');
  const acknowledged: string[] = [];
  const replies: Reply[] = [];
  for (let round = 0; round < 4; round++) {
    await using rig = await warmRig({ template, data, isNew: round === 0 });
    const ready = new Set(
      (await rig.server.api.documents(COLLECTION))
        .filter(({ state }) => state === 'ready')
        .map(({ title }) => title),
    );
    const lost = acknowledged.filter((id) => !ready.has(id));
    assert.deepEqual(lost, [], 'acknowledged and not ready after a kill');
    replies.push(...(await asked(rig, 5)));
    const writes = Promise.allSettled(
      Array.from({ length: 40 }, async (_, index) => {
        const id = `note-${round}-${index}`;
        if ((await write(rig, id)).status === 201) acknowledged.push(id);
      }),
    );
    const enough = acknowledged.length + 3 + 2 * round;
    await until('some writes are acknowledged', async () => acknowledged.length >= enough);
    rig.server.signal('SIGKILL');
    await rig.server.ended;
    await writes;
  }
  return {
    replies,
    seen: `${acknowledged.length} acknowledged writes; after each of 3 kills all were there`,
  };
};

/** Clients that send one byte now and then hold connections, nothing else. */
const slowDrip: OtherCell['run'] = async (template) => {
  await using rig = await warmRig({ template });
  const { hostname, port } = new URL(rig.server.address);
  const before = await rig.footprint();
  const sockets = Array.from({ length: CLIENTS }, () => {
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.write(
      'POST /api/v1/rag/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
    );
    return socket;
  });
  const dripping = setInterval(() => sockets.forEach((socket) => socket.write(' ')), 100);
  try {
    const replies = await asked(rig, 20);
    sockets.forEach((socket) => socket.destroy());
    await until('the sockets are free', async () => (await rig.footprint()).sockets <= before.sockets + 2);
    return { replies, seen: `${CLIENTS} dripping clients, sockets free after they left` };
  } finally {
    clearInterval(dripping);
    sockets.forEach((socket) => socket.destroy());
  }
};

/** Clients that leave in the middle of an answer free the model and their places. */
const disconnect: OtherCell['run'] = async (template) => {
  await using rig = await warmRig({ template });
  const model = rig.standIns.generator;
  model.set({ timeToFirstTokenMs: 5000 });
  const left = new AbortController();
  const leaving = Array.from({ length: 4 }, async () => rig.ask(left.signal));
  await model.until(({ inFlight }) => inFlight === 4);
  const began = performance.now();
  left.abort();
  await model.until(({ inFlight }) => inFlight === 0);
  const ms = Math.round(performance.now() - began);
  await Promise.all(leaving);
  model.set({ timeToFirstTokenMs: 0 });
  const replies = await asked(rig, 5);
  assert.equal((await rig.breakers()).get('ollama_generation'), 'closed');
  return { replies, seen: `4 calls of the model ended ${ms} ms after their clients left` };
};

/** Three hundred questions at once: right answers or typed refusals, and then as before. */
const overload: OtherCell['run'] = async (template) => {
  await using rig = await warmRig({ template });
  const replies = await Promise.all(Array.from({ length: 300 }, async () => rig.ask()));
  const refused = replies.filter(({ status }) => status === 503 || status === 429);
  for (const reply of refused) {
    assert.equal(reply.wrong, 'overloaded', explained(reply));
    assert.ok(Number(reply.retryAfter) > 0, 'no Retry-After');
  }
  const answered = replies.filter(({ status }) => status === 200);
  assert.equal(answered.length + refused.length, replies.length, 'neither an answer nor a refusal');
  for (const reply of answered) assert.equal(reply.wrong, null, explained(reply));
  await until('one question is answered whole', async () => isWell(await rig.ask()));
  return {
    replies: answered,
    seen: `300 at once: ${answered.length} answered, ${refused.length} refused with Retry-After`,
  };
};

export const OTHER_CELLS: readonly OtherCell[] = [
  { fault: 'F12', on: 'catalog disk', title: 'the disk is full', run: fullDisk },
  { fault: 'F19', on: 'catalog disk', title: 'killed while it writes', run: killed },
  { fault: 'F16', on: 'client', title: 'a body that drips', run: slowDrip },
  { fault: 'F17', on: 'client', title: 'clients leave in the middle', run: disconnect },
  { fault: 'F18', on: 'server', title: 'far more questions than it can take', run: overload },
  {
    fault: 'F20',
    on: 'catalog disk + models',
    title: 'full disk, embedder away',
    run: fullDiskAndAway(['embedder']),
  },
  {
    fault: 'F20',
    on: 'catalog disk + models',
    title: 'full disk, embedder and generator away',
    run: fullDiskAndAway(['embedder', 'generator']),
  },
];

export async function runOtherCell(
  { fault, on, title, run }: OtherCell,
  template: Template,
): Promise<OtherOutcome | null> {
  const result = await run(template);
  if (result === null) return null;
  const { replies, seen } = result;
  return {
    fault,
    on,
    title,
    answers: replies.length,
    degraded: replies.filter(({ degraded }) => degraded.length > 0).length,
    slowestMs: replies.length === 0 ? null : Math.max(...replies.map(({ ms }) => ms)),
    seen,
  };
}
