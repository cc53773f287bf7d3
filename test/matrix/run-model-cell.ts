import assert from 'node:assert/strict';
import { setTimeout as after } from 'node:timers/promises';
import type { ModelCell } from './cells.ts';
import { openRig, type Footprint, type Model, type Reply, type Rig, type Template } from './rig.ts';
import { until } from './until.ts';

/** What a cell showed. */
export interface Outcome {
  readonly fault: string;
  readonly on: string;
  readonly title: string;
  readonly answers: number;
  readonly degraded: number;
  /** Slowest healthy answer, slowest before the breaker opened, slowest after; ms. Null: there was none. */
  readonly healthyMs: number | null;
  readonly beforeMs: number | null;
  readonly afterMs: number | null;
  /** Seconds from the fault until the breaker was seen open, and from the cure until it was seen closed. */
  readonly openedS: number | null;
  readonly closedS: number | null;
  readonly sockets: readonly [number, number];
  readonly residentMb: readonly [number, number];
}

export const BREAKER: Readonly<Record<Model, string>> = {
  embedder: 'ollama_embedding',
  generator: 'ollama_generation',
  reranker: 'reranker',
};
export const COMPONENT: Readonly<Record<Model, string>> = {
  embedder: 'embedding',
  generator: 'generator',
  reranker: 'reranker',
};

const OPEN_LIMIT_MS = 120_000;
/** On a machine that does other work besides, a healthy model can be late, and that is said too. */
const SHORT_OF_TIME = /limit of concurrent calls|within \d+ ms|timed? ?out|deadline|is open/;
const AFTER_OPENING_MS = 1500;
const MORE_SOCKETS = 6;
const MORE_MB = 150;

/** Runs a cell on a rig of its own. @throws AssertionError with what was not as it has to be. */
export async function runModelCell(cell: ModelCell, template: Template): Promise<Outcome> {
  const separate = cell.isSeparate === true ? (cell.models[0] ?? null) : null;
  await using rig = await openRig({ template, separate });
  const healthy = await healthyReplies(rig);
  const before = await rig.footprint();
  const began = rig.now();
  const heal = await cell.inject(rig);
  const { replies, openedAt } = await ask(rig, cell, began);
  const healedAt = rig.now();
  await heal();
  assertReplies(replies, cell);
  const closedS = await untilWell(rig, cell, healedAt);
  await untilIdle(rig);
  const ended = await settled(rig, before);
  if (cell.breaker === 'opens') assert.ok(openedAt !== null, 'the breaker never opened');
  if (cell.breaker === 'stays closed') assert.equal(openedAt, null, 'the breaker opened');
  return {
    fault: cell.fault,
    on: cell.models.join(' + '),
    title: cell.title,
    answers: replies.length,
    degraded: replies.filter(({ degraded }) => degraded.length > 0).length,
    healthyMs: slowest(healthy),
    beforeMs: slowest(replies.filter(({ at }) => openedAt === null || at < openedAt)),
    afterMs: slowest(replies.filter(({ at }) => openedAt !== null && at >= openedAt)),
    openedS: openedAt === null ? null : (openedAt - began) / 1000,
    closedS: openedAt === null ? null : closedS,
    sockets: [before.sockets, ended.sockets],
    residentMb: [before.residentMb, ended.residentMb],
  };
}

function slowest(some: readonly Reply[]): number | null {
  return some.length === 0 ? null : Math.max(...some.map(({ ms }) => ms));
}

/** Also fills the pools of connections, so that later counts compare. */
async function healthyReplies(rig: Rig): Promise<readonly Reply[]> {
  await until('the first answers are whole', async () => isWell(await rig.ask()));
  let replies: Reply[] = [];
  await until('five answers in a row are whole', async () => {
    const reply = await rig.ask();
    replies = isWell(reply) ? [...replies, reply] : [];
    return replies.length === 5;
  });
  return replies;
}

export function isWell({ wrong, degraded }: Reply): boolean {
  return wrong === null && degraded.length === 0;
}

interface Asked {
  readonly replies: readonly Reply[];
  /** When all breakers of the cell had been seen open. */
  readonly openedAt: number | null;
}

/** Questions at a fixed rate, whatever the answers take, until the fault has shown what it does. */
async function ask(
  rig: Rig,
  { models, breaker, seconds = 1, rate = 10 }: ModelCell,
  began: number,
): Promise<Asked> {
  const pending: Promise<Reply>[] = [];
  const opened = new Set<Model>();
  let openedAt: number | null = null;
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    const states = await rig.breakers();
    for (const model of models) if (states.get(BREAKER[model]) === 'open') opened.add(model);
    if (opened.size === models.length) openedAt ??= rig.now();
    looking = null;
  };
  const isDone = (): boolean => {
    const passed = rig.now() - began;
    if (passed < seconds * 1000) return false;
    if (breaker !== 'opens') return true;
    return openedAt === null ? passed > OPEN_LIMIT_MS : rig.now() - openedAt > AFTER_OPENING_MS;
  };
  while (!isDone()) {
    pending.push(rig.ask());
    looking ??= look();
    await after(1000 / rate);
  }
  await looking;
  return { replies: await Promise.all(pending), openedAt };
}

function assertReplies(replies: readonly Reply[], { models, degraded }: ModelCell): void {
  const parts = new Set(models.map((model) => COMPONENT[model]));
  for (const reply of replies) {
    assert.ok(reply.status === 200 && reply.wrong === null, explained(reply));
    const foreign = reply.degraded.filter(
      (component, at) => !parts.has(component) && !SHORT_OF_TIME.test(reply.reasons[at] ?? ''),
    );
    assert.deepEqual(foreign, [], `blamed without a fault: ${explained(reply)}`);
    if (degraded === 'never') assert.deepEqual(reply.degraded, [], explained(reply));
    if (degraded === 'always')
      for (const part of parts)
        assert.ok(reply.degraded.includes(part), `${part} is not named: ${explained(reply)}`);
  }
}

export function explained({ question, status, wrong, degraded, reasons, ms }: Reply): string {
  return `${question.text} -> ${status} ${wrong ?? 'right'} after ${Math.round(ms)} ms, degraded: ${degraded.join(', ')} (${reasons.join('; ')})`;
}

/** Asks gently until answers are whole and all breakers closed; every answer on the way has to be right. Seconds since the cure. */
async function untilWell(rig: Rig, { models }: ModelCell, healedAt: number): Promise<number> {
  let inRow = 0;
  await until('answers are whole again', async () => {
    const reply = await rig.ask();
    assert.ok(reply.status === 200 && reply.wrong === null, `after the cure: ${explained(reply)}`);
    inRow = isWell(reply) ? inRow + 1 : 0;
    await after(200);
    const states = await rig.breakers();
    return inRow >= 3 && models.every((model) => states.get(BREAKER[model]) === 'closed');
  });
  return (rig.now() - healedAt) / 1000;
}

async function untilIdle({ standIns }: Rig): Promise<void> {
  await until('no call is in flight', async () =>
    Object.values(standIns).every((standIn) => standIn.counts().inFlight === 0),
  );
}

/** Sockets and memory come back to what they were, but for pools. */
async function settled(rig: Rig, before: Footprint): Promise<Footprint> {
  let now = before;
  await until('sockets and memory are back', async () => {
    now = await rig.footprint();
    return now.sockets <= before.sockets + MORE_SOCKETS && now.residentMb <= before.residentMb + MORE_MB;
  });
  return now;
}
