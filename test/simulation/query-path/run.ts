import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { AnswerEvent, AskRequest, AskResponse } from '../../../src/core/answer/answer.ts';
import type { CollectionName, VersionId } from '../../../src/core/documents/ids.ts';
import { HoldfastError } from '../../../src/core/errors.ts';
import { untilAborted } from '../../../src/lib/until-aborted.ts';
import type { Transition } from '../../../src/resilience/breaker-state.ts';
import { Deadline } from '../../../src/resilience/deadline.ts';
import { seededRandom } from '../../random.ts';
import { SimulatedTime, settlePromises } from '../simulated-time.ts';
import { FaultSource, type Met } from './fault-source.ts';
import { journaling, type Call } from './journal.ts';
import { DOCS, type SimulatedLibrary } from './library.ts';
import { HORIZON_MS, type PlannedQuestion, type Schedule } from './schedule.ts';
import { openWorld, type World } from './world.ts';

/** What became of one question. */
export interface Asked {
  readonly planned: PlannedQuestion;
  readonly calls: Call[];
  readonly startedAt: number;
  readonly deadlineAt: number;
  /** The changing document's versions while it was at work. */
  readonly versions: VersionId[];
  endedAt: number;
  outcome:
    | { readonly kind: 'pending' }
    | { readonly kind: 'answered'; readonly response: AskResponse }
    | { readonly kind: 'refused'; readonly error: unknown };
  /** Of a stream. */
  events: AnswerEvent[];
  /** The work itself is over, not only for the asker. */
  isSettled: boolean;
  /** Listeners that were left on its signal. */
  listeners: number;
}

export interface Run {
  readonly schedule: Schedule;
  readonly asked: readonly Asked[];
  /** Asked when everything worked again. */
  readonly last: Asked;
  readonly transitions: readonly Transition[];
  readonly timersLeft: number;
  readonly problems: readonly string[];
}

/** With the time before, longer than any model takes to be loaded, and any breaker stays open. */
const RECOVERY_MS = 90_000;
/** Longer than any time limit. */
const LIMITS_MS = 130_000;
const NEVER_LEAVES = { leavesAfterMs: null } as const;

/** Runs a schedule from its first to its last event, in simulated time. */
export async function runSchedule(
  schedule: Schedule,
  base: SimulatedLibrary,
  met: Met = new Map(),
): Promise<Run> {
  const time = new SimulatedTime(0, undefined, settlePromises);
  const random = seededRandom(schedule.seed ^ 0x5eed);
  const source = new FaultSource(schedule.faults, { time, random, met });
  const world = openWorld(schedule, source, base);
  const problems: string[] = [];
  const asked: Asked[] = [];
  const parts: Parts = { time, world, base, running: new Set(), signals: new Map() };
  const happenings = [
    ...schedule.questions.map((planned) => ({
      at: planned.at,
      run: async () => void asked.push(ask(planned, parts)),
    })),
    ...schedule.writes.map(({ at }) => ({ at, run: async () => write(parts, source, problems) })),
    ...schedule.operations.map(({ at, breaker, mode }) => ({
      at,
      run: async () => hold(world, breaker, mode),
    })),
  ].toSorted((a, b) => a.at - b.at);
  for (const { at, run } of happenings) {
    await time.advance(at - time.monotonic());
    await run();
  }
  await time.advance(2 * HORIZON_MS - time.monotonic());
  source.end();
  for (const name of world.held) hold(world, name, 'auto');
  await time.advance(RECOVERY_MS);
  const last = ask({ ...LAST_QUESTION, query: `When do backups run daily, ${schedule.seed}?` }, parts);
  await time.advance(HORIZON_MS / 2);
  await time.until(world.close());
  // A timer that nobody waits for any more may run out.
  await time.advance(LIMITS_MS);
  await base.restore();
  for (const [one, signal] of parts.signals) one.listeners = getEventListeners(signal, 'abort').length;
  return {
    schedule,
    asked,
    last,
    transitions: world.transitions,
    timersLeft: time.pendingTimers,
    problems,
  };
}

const LAST_QUESTION: PlannedQuestion = {
  at: 0,
  query: '',
  collections: ['docs'],
  mode: 'hybrid',
  isStreamed: false,
  hasHistory: false,
  deadlineMs: 10_000,
  ...NEVER_LEAVES,
};

interface Parts {
  readonly time: SimulatedTime;
  readonly world: World;
  readonly base: SimulatedLibrary;
  /** Questions at work. */
  readonly running: Set<Asked>;
  readonly signals: Map<Asked, AbortSignal>;
}

function hold(world: World, name: string, mode: 'forced_open' | 'closed' | 'auto'): void {
  if (world.held.includes(name)) world.breakers.hold(name, mode);
}

/** A write goes through, or is refused with a typed error and changes nothing. */
async function write({ base, running }: Parts, source: FaultSource, problems: string[]): Promise<void> {
  const before = base.current();
  if (source.at('catalog', ['read_only', 'unreadable']) === null) {
    await base.change();
    for (const { versions } of running) versions.push(base.current());
    return;
  }
  const error = await base.refusedChange();
  if (!(error instanceof HoldfastError) || error.code !== 'storage_failed')
    problems.push(`a write to a catalog that can only be read: ${String(error)}`);
  if (base.current() !== before) problems.push('a refused write changed something');
}

function requestOf({ query, collections, mode, hasHistory }: PlannedQuestion): AskRequest {
  return {
    tenant: DOCS.tenant,
    query,
    collections: collections as CollectionName[],
    filter: {},
    topK: 5,
    mode,
    maxAnswerChars: 400,
    ...(hasHistory ? { history: [{ role: 'user', content: 'Tell me about backups.' }] } : {}),
  };
}

/** As the edge asks: with a deadline, until the asker goes. */
function ask(planned: PlannedQuestion, { time, world, base, running, signals }: Parts): Asked {
  const client = new AbortController();
  const { deadlineMs, leavesAfterMs } = planned;
  const deadline = new Deadline({
    afterMs: deadlineMs,
    time,
    parent: client.signal,
    reserveMs: Math.min(500, deadlineMs / 4),
    expired: () => new HoldfastError('deadline_exceeded', `No result within ${deadlineMs} ms`),
  });
  const versions = [base.current()];
  const asked: Asked = {
    planned,
    calls: [],
    startedAt: time.monotonic(),
    deadlineAt: deadline.at,
    versions,
    endedAt: Number.NaN,
    outcome: { kind: 'pending' },
    events: [],
    isSettled: false,
    listeners: 0,
  };
  running.add(asked);
  const leaving =
    leavesAfterMs === null
      ? null
      : time.after(leavesAfterMs, () => client.abort(new DOMException('The client went away', 'AbortError')));
  const work = journaling(asked, async () => answer(planned, world, { deadline, asked }));
  const finish = (outcome: Asked['outcome']): void => {
    asked.outcome = outcome;
    asked.endedAt = time.monotonic();
    leaving?.[Symbol.dispose]();
    deadline[Symbol.dispose]();
    running.delete(asked);
    signals.set(asked, deadline.signal);
  };
  const settled = (): void => {
    asked.isSettled = true;
  };
  work.then(settled, settled);
  untilAborted(deadline.signal, work).then(
    (response) => finish({ kind: 'answered', response }),
    (error: unknown) => finish({ kind: 'refused', error }),
  );
  return asked;
}

async function answer(
  planned: PlannedQuestion,
  { asking }: World,
  { deadline, asked }: { readonly deadline: Deadline; readonly asked: Asked },
): Promise<AskResponse> {
  const request = requestOf(planned);
  if (!planned.isStreamed) return asking.ask(request, deadline.signal);
  for await (const event of asking.askStream(request, deadline.signal)) asked.events.push(event);
  const last = asked.events.at(-1);
  assert.ok(last?.type === 'final', 'a stream ends with its final event');
  return last.data;
}
