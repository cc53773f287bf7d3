import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { test } from 'node:test';
import { runHoldfast, spawnServer, type Server } from '../end-to-end/process.ts';
import { auditFolder } from './audit.ts';
import { Ledger } from './ledger.ts';
import { seededRandom, type Random } from './random.ts';
import { createRevisions } from './revision.ts';
import { DOCS, lanes, type Lane, type Workload } from './workload.ts';

/** `HOLDFAST_KILL_SEED` repeats a run, `HOLDFAST_KILL_ROUNDS` makes it longer or shorter. */
const SEED = Number(process.env['HOLDFAST_KILL_SEED'] ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env['HOLDFAST_KILL_ROUNDS'] ?? (process.env['CI'] === undefined ? 15 : 40));

/** When a process is killed: while it starts, at a step of the ingest, while it works, or while it stops. */
const MOMENTS = ['start', 'step', 'step', 'step', 'step', 'work', 'work', 'stop'] as const;
/** The steps at which it kills itself. */
const STEPS = [
  'accept:after',
  'claim:after',
  'fetch:before',
  'parse:before',
  'split:before',
  'embed:before',
  'commit:before',
  'commit:after',
  'index:after',
  'finish:after',
  'list:before',
  'list:after',
  'delete:before',
  'delete:after',
] as const;
/** A server that has not come to its step by then is killed. */
const STEP_LIMIT_MS = 5000;
const SERVE_AND_DIE = join(import.meta.dirname, 'serve-and-die.ts');

test(
  `kill -9 at any moment loses no acknowledged document (${ROUNDS} rounds, HOLDFAST_KILL_SEED=${SEED})`,
  { timeout: 3_000_000 },
  async (t) => {
    const home = mkdtempSync(join(tmpdir(), 'holdfast-kill-'));
    const random = seededRandom(SEED);
    const workload: Workload = {
      ledger: new Ledger(),
      random,
      revise: createRevisions(random),
      folder: join(home, 'files'),
      files: new Map(),
    };
    mkdirSync(workload.folder);
    await warmCompileCache(home);
    const counts = { start: 0, step: 0, work: 0, stop: 0, acknowledged: 0 };
    for (let round = 1; round <= ROUNDS; round++) {
      const moment = random.pick(MOMENTS);
      counts[moment]++;
      counts.acknowledged += await killedRound(join(home, 'data'), workload, { moment, random });
      await audit(home, workload.ledger, round);
    }
    t.diagnostic(JSON.stringify({ seed: SEED, rounds: ROUNDS, ...counts }));
    assert.ok(counts.acknowledged > ROUNDS, 'hardly anything was acknowledged: the test shows nothing');
    rmSync(home, { recursive: true });
  },
);

/** Killed processes leave no compiled modules behind; one that ends well does, and all later ones start faster. */
async function warmCompileCache(home: string): Promise<void> {
  const file = join(home, 'warm.txt');
  writeFileSync(file, 'Warm.');
  await runHoldfast(['ingest', file, '--collection', 'warm', '--data', join(home, 'warm')]);
}

interface Kill {
  readonly moment: (typeof MOMENTS)[number];
  readonly random: Random;
}

/** Starts a server, lets clients write, kills it. Returns how many writes were acknowledged. */
async function killedRound(data: string, workload: Workload, { moment, random }: Kill): Promise<number> {
  if (moment === 'step') return diesAtStep(data, workload, random);
  const starting = spawnServer(data);
  if (moment === 'start') {
    await after(random.below(600));
    starting.signal('SIGKILL');
    await starting.ended;
    return 0;
  }
  const server = await starting.listening;
  const work = startWork(server, workload);
  await work.acknowledgements(1 + random.below(40));
  await after(random.below(30));
  if (moment === 'stop') {
    server.signal('SIGTERM');
    await after(random.below(120));
  }
  server.signal('SIGKILL');
  await server.ended;
  return work.stopped();
}

/** A server that kills itself at a step, which may come while it still takes up what the one before it has left. */
async function diesAtStep(data: string, workload: Workload, random: Random): Promise<number> {
  const point = `${random.pick(STEPS)}:${1 + random.below(12)}`;
  const starting = spawnServer(data, { script: SERVE_AND_DIE, environment: { DIE_AT: point } });
  // It may die before it listens.
  const server = await starting.listening.catch(() => null);
  if (server === null) {
    assert.equal((await starting.ended).signal, 'SIGKILL', `the server did not start at ${point}`);
    return 0;
  }
  const work = startWork(server, workload);
  const limit = setTimeout(() => server.signal('SIGKILL'), STEP_LIMIT_MS);
  const { signal } = await server.ended;
  clearTimeout(limit);
  assert.equal(signal, 'SIGKILL', `the server ended by itself instead of at ${point}: ${server.log()}`);
  return work.stopped();
}

interface Work {
  /** Resolves when so many writes were acknowledged, or when a client has failed. */
  acknowledgements(count: number): Promise<void>;
  /** Waits for the clients and returns the number of acknowledged writes; rejects when one saw a wrong answer. */
  stopped(): Promise<number>;
}

function startWork(server: Server, workload: Workload): Work {
  let acknowledged = 0;
  let wanted = Number.POSITIVE_INFINITY;
  const reached = Promise.withResolvers<void>();
  const count = (): void => {
    acknowledged++;
    if (acknowledged >= wanted) reached.resolve();
  };
  const running = (async () => {
    // The first round makes the collection; later it is there. A server that takes up old work may die before it answers.
    const body = { name: DOCS, language: 'en' };
    const first: Lane = async (api) => void (await api.send('POST', '/api/v1/rag/collections', { body }));
    await untilDisconnected(first, server, count);
    return Promise.all(lanes(workload).map(async (lane) => untilDisconnected(lane, server, count)));
  })();
  running.then(
    () => reached.resolve(),
    () => reached.resolve(),
  );
  return {
    async acknowledgements(limit) {
      wanted = limit;
      if (acknowledged >= limit) return;
      await reached.promise;
    },
    async stopped() {
      await running;
      return acknowledged;
    },
  };
}

/** A broken connection ends a client; so does a server that refuses new work because it stops. */
async function untilDisconnected(lane: Lane, server: Server, count: () => void): Promise<void> {
  try {
    await lane(server.api, count);
  } catch (error) {
    if (error instanceof assert.AssertionError && !error.message.endsWith('answered 503')) throw error;
  }
}

/** Checks a copy, so that the next process finds what the killed one left. */
async function audit(home: string, ledger: Ledger, round: number): Promise<void> {
  const copy = join(home, 'copy');
  if (!existsSync(join(home, 'data'))) return;
  cpSync(join(home, 'data'), copy, { recursive: true, preserveTimestamps: true });
  try {
    await auditFolder(copy, ledger);
  } catch (error) {
    throw new Error(`round ${round} of HOLDFAST_KILL_SEED=${SEED}; the data folder is kept in ${home}`, {
      cause: error,
    });
  }
  rmSync(copy, { recursive: true });
}
