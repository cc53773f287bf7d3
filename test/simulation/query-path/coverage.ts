import type { AskResponse } from '../../../src/core/answer/answer.ts';
import { HoldfastError } from '../../../src/core/errors.ts';
import type { Met } from './fault-source.ts';
import type { Asked, Run } from './run.ts';
import { FAULTS, PARTS } from './schedule.ts';

/** Everything that the schedules must have met: each fault, each rung of the ladder, each end of a question. */
export const WANTED: readonly string[] = [
  ...PARTS.flatMap((part) => FAULTS[part].map((kind) => `fault ${part} ${kind}`)),
  'rung nothing lost',
  'rung embedding=static_vectors',
  'rung embedding=lexical_only',
  'rung dense=static_vectors',
  'rung dense=lexical_only',
  'rung lexical=dense_only',
  'rung index=catalog_scan',
  'rung index=equal_words',
  'rung reranker=fused_order',
  'rung generator=extractive',
  'rung generator=extractive, replacing what was streamed',
  'rung generator=joined_question',
  'rung retrieval=stale_cache',
  'rung remembered vector',
  'rung scan of one collection of two',
  'end answered generated',
  'end answered extractive',
  'end remembered',
  'end joined',
  'end refused storage_failed',
  'end refused deadline_exceeded',
  'end refused collection_not_found',
  'end asker left',
  ...['open', 'half_open', 'closed', 'forced_open'].map((state) => `breaker ${state}`),
  'write',
];

/** Counts what the runs met. */
export class Coverage {
  readonly met: Met = new Map();
  readonly #counts = new Map<string, number>();

  add({ schedule, asked, last, transitions }: Run): void {
    for (const { to } of transitions) this.#count(`breaker ${to}`);
    for (const _ of schedule.writes) this.#count('write');
    for (const one of [...asked, last]) {
      if (one.outcome.kind === 'refused') this.#count(endOf(one.outcome.error));
      else if (one.outcome.kind === 'answered') this.#addAnswer(one, one.outcome.response);
    }
  }

  #addAnswer({ calls, events }: Asked, { degraded, answer, cache, retrieval }: AskResponse): void {
    const modes = degraded.map(({ component, mode }) => `${component}=${mode}`);
    for (const mode of modes) this.#count(`rung ${mode}`);
    if (modes.length === 0) this.#count('rung nothing lost');
    this.#count(`end answered ${answer.mode}`);
    const parts = calls.map(({ part }) => part);
    const timesOf = (name: string): number => parts.filter((part) => part === name).length;
    if (timesOf('remembered') > 0) this.#count('rung remembered vector');
    if (retrieval.mode === 'lexical' && timesOf('scan') === 1 && timesOf('getCollection') === 2)
      this.#count('rung scan of one collection of two');
    if (timesOf('getCollection') === 0) this.#count(cache === 'hit' ? 'end remembered' : 'end joined');
    const lostAt = events.findIndex((event) => event.type === 'degraded' && event.data.mode === 'extractive');
    if (events.slice(0, Math.max(0, lostAt)).some(({ type }) => type === 'delta'))
      this.#count('rung generator=extractive, replacing what was streamed');
  }

  /** What was met how often, by name. */
  counts(): ReadonlyMap<string, number> {
    const faults = [...this.met].map(([name, count]) => [`fault ${name}`, count] as const);
    return new Map([...this.#counts, ...faults].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** What was never met. */
  missing(): string[] {
    const counts = this.counts();
    return WANTED.filter((name) => !counts.has(name));
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}

function endOf(error: unknown): string {
  return error instanceof HoldfastError ? `end refused ${error.code}` : 'end asker left';
}
