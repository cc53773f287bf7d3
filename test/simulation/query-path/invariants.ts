import { deepStrictEqual } from 'node:assert';
import type { AnswerEvent, AskResponse } from '../../../src/core/answer/answer.ts';
import type { VersionId } from '../../../src/core/documents/ids.ts';
import { HoldfastError } from '../../../src/core/errors.ts';
import type { BreakerStateName } from '../../../src/resilience/breaker-state.ts';
import type { Asked, Run } from './run.ts';
import { answerTruth, searchedModel } from './truth.ts';

/** What an invariant may look at besides the run. */
export interface Known {
  /** All texts that ever were. */
  readonly texts: ReadonlyMap<VersionId, string>;
  readonly staticModel: string;
}

/** Null when it holds, else what is wrong. */
export type Invariant = (run: Run, known: Known) => string | null;

/** Checks each question of a run. */
function each(check: (asked: Asked, run: Run, known: Known) => string | null): Invariant {
  return (run, known) => {
    for (const [at, asked] of [...run.asked, run.last].entries()) {
      const problem = check(asked, run, known);
      if (problem !== null) return `question ${at}: ${problem}`;
    }
    return null;
  };
}

function answered(check: (response: AskResponse, asked: Asked, known: Known) => string | null): Invariant {
  return each((asked, _, known) =>
    asked.outcome.kind === 'answered' ? check(asked.outcome.response, asked, known) : null,
  );
}

/** A remembered or joined answer was made for another question. */
function isOwn({ calls }: Asked): boolean {
  return calls.some(({ part }) => part === 'lexical' || part === 'dense' || part === 'denseEncoded');
}

function modesOf({ degraded }: Pick<AskResponse, 'degraded'>): string[] {
  return degraded.map(({ component, mode }) => `${component}=${mode}`).toSorted();
}

/** An answer or a typed refusal, which needs a reason: nothing but a lost catalog, or too little time, refuses. */
const answersOrRefuses = each(({ planned, outcome, calls, endedAt, deadlineAt }) => {
  if (outcome.kind === 'answered') return null;
  if (outcome.kind === 'pending') return 'it never ended';
  const { error } = outcome;
  if (planned.leavesAfterMs !== null && error instanceof DOMException) return null;
  if (!(error instanceof HoldfastError)) return `an error without a type: ${String(error)}`;
  const catalogFaults = calls.filter(({ fault }) => fault?.startsWith('catalog') === true);
  const isKnown =
    (error.code === 'collection_not_found' && planned.collections.includes('missing')) ||
    (error.code === 'storage_failed' && catalogFaults.length > 0) ||
    (error.code === 'deadline_exceeded' && endedAt >= deadlineAt && catalogFaults.length > 0);
  return isKnown ? null : `refused without a reason: ${error.code}: ${error.message}`;
});

/** Every citation is the very text of its version, and an extractive answer is made of nothing else. */
const citesExactly = answered(({ answer, citations }, _, { texts }) => {
  for (const { documentVersion, start, end, quote } of citations) {
    const text = texts.get(documentVersion);
    if (text === undefined) return `a citation of an unknown version ${documentVersion}`;
    if (quote === '' || text.slice(start, end) !== quote) return `not what the text says: ${quote}`;
  }
  if (answer.refused) return citations.length === 0 ? null : 'a refusal with citations';
  if (citations.length === 0) return 'an answer without citation';
  if (answer.mode !== 'extractive') return null;
  const rest = citations.reduce(
    (text, { quote, marker }) => text.replace(quote, '').replace(`[${marker}]`, ''),
    answer.text,
  );
  return rest.trim() === '' ? null : `words that nothing is cited for: ${rest}`;
});

/** Nothing hidden, nothing invented. */
const tellsTheTruth = answered((response, asked) => {
  const modes = modesOf(response);
  if (response.retrieval.mode === 'cache') {
    const isLost = asked.calls.some(({ fault }) => fault?.startsWith('catalog') === true);
    const isSaid = modes.join() === 'retrieval=stale_cache' && response.stalenessSeconds !== undefined;
    return isLost && isSaid ? null : `a stale answer that says ${modes.join()}`;
  }
  if (response.stalenessSeconds !== undefined) return 'the age of an answer that is not old';
  if (!isOwn(asked)) return null;
  const truth = [
    ...answerTruth(asked.planned, asked.calls, response.answer.mode === 'extractive'),
  ].toSorted();
  return truth.join() === modes.join() ? null : `says ${modes.join()}, but ${truth.join()} is true`;
});

/** The same for how the search was done. */
const namesItsModel = answered((response, asked, { staticModel }) => {
  if (!isOwn(asked) || response.retrieval.mode === 'cache') return null;
  const model = searchedModel(asked.calls, staticModel);
  if (response.retrieval.embeddingModel !== model)
    return `names ${response.retrieval.embeddingModel}, but ${model} served`;
  return (response.retrieval.mode === 'lexical') === (model === null)
    ? null
    : `mode ${response.retrieval.mode} with ${model}`;
});

/** What another question was told is told again unchanged, and remembered only when it was whole. */
const remembersWholeAnswers: Invariant = (run) => {
  const all = [...run.asked, run.last];
  const own = all.filter(isOwn);
  for (const asked of all) {
    if (asked.outcome.kind !== 'answered' || isOwn(asked)) continue;
    const { response } = asked.outcome;
    if (response.cache === 'hit' && response.stalenessSeconds === undefined && response.degraded.length > 0)
      return `a degraded answer was remembered: ${modesOf(response).join()}`;
    const told = contentOf(response);
    const isTold = own.some(
      ({ outcome }) => outcome.kind === 'answered' && contentOf(outcome.response) === told,
    );
    if (!isTold) return `an answer that nobody was given before: ${told}`;
  }
  return null;
};

function contentOf({ answer, citations, results }: AskResponse): string {
  return JSON.stringify([answer, citations, results]);
}

/** Nothing but a stand-in shows a document as it was before the question. */
const isCurrent = answered((response, { versions }, { texts }) => {
  if (response.stalenessSeconds !== undefined) return null;
  const changing = new Set(
    [...texts].filter(([, text]) => text.includes('Backups run daily')).map(([id]) => id),
  );
  const shown = [...response.citations, ...response.results].map(({ documentVersion }) => documentVersion);
  const old = shown.find((version) => changing.has(version) && !versions.includes(version));
  return old === undefined ? null : `an old version ${old}`;
});

/** The events of a stream add up to its final one, which is the answer that is not streamed. */
const streamsTheSame = answered((response, { planned, events }) => {
  if (!planned.isStreamed) return null;
  const of = <Type extends AnswerEvent['type']>(type: Type) =>
    events.filter((event): event is Extract<AnswerEvent, { type: Type }> => event.type === type);
  const finals = of('final');
  const [retrieval, ...more] = of('retrieval');
  if (finals.length !== 1 || events.at(-1)?.type !== 'final') return 'no single final event at the end';
  const hasFound = response.answer.mode !== 'none';
  if ((retrieval === undefined) === hasFound || more.length > 0) return 'not one retrieval event';
  // What was streamed before the generator was given up is to be forgotten.
  const from = events.findLastIndex((event) => event.type === 'degraded' && event.data.mode === 'extractive');
  const text = events
    .slice(from + 1)
    .flatMap((event) => (event.type === 'delta' ? event.data.text : []))
    .join('');
  try {
    deepStrictEqual(finals[0]?.data, response);
    deepStrictEqual(
      of('citation').map(({ data }) => data),
      response.citations,
    );
    deepStrictEqual(
      of('degraded').map(({ data }) => data),
      response.degraded,
    );
    if (retrieval !== undefined) deepStrictEqual(retrieval.data.results, response.results);
    deepStrictEqual(text.trim(), response.answer.text.trim());
    return null;
  } catch (error) {
    return String(error);
  }
});

const endsInTime = each(({ endedAt, deadlineAt }) =>
  endedAt <= deadlineAt ? null : `ended ${endedAt - deadlineAt} ms after its deadline`,
);

const leavesNothing: Invariant = (run) => {
  for (const [at, { isSettled, listeners }] of [...run.asked, run.last].entries()) {
    if (!isSettled) return `question ${at}: its work never ended`;
    if (listeners > 0) return `question ${at}: ${listeners} listeners left`;
  }
  return run.timersLeft === 0 ? null : `${run.timersLeft} timers left`;
};

const LEGAL: Readonly<Record<BreakerStateName, readonly BreakerStateName[]>> = {
  closed: ['open', 'forced_open', 'closed'],
  open: ['half_open', 'forced_open', 'closed'],
  half_open: ['open', 'closed', 'forced_open'],
  forced_open: ['closed'],
  disabled: [],
};

const breaksLegally: Invariant = ({ transitions }) => {
  const states = new Map<string, BreakerStateName>();
  for (const { breaker, from, to, reason } of transitions) {
    const known = states.get(breaker) ?? 'closed';
    const isHeld = to === 'forced_open' || from === 'forced_open' || from === to;
    if (from !== known || !LEGAL[from].includes(to)) return `${breaker}: ${known} -> ${from} -> ${to}`;
    if (isHeld && reason !== 'operator') return `${breaker}: ${from} -> ${to} by ${reason}`;
    states.set(breaker, to);
  }
  return null;
};

/** Once everything works, and some time has passed, answers are whole; without faults they always are. */
const recovers: Invariant = ({ schedule, asked, last }) => {
  const isQuiet = schedule.faults.length === 0 && schedule.operations.length === 0;
  for (const { outcome, planned } of isQuiet ? [...asked, last] : [last]) {
    // A generator takes longer than short deadlines allow.
    const isExcused =
      planned.leavesAfterMs !== null ||
      planned.deadlineMs < 10_000 ||
      planned.collections.includes('missing');
    if (isExcused) continue;
    if (outcome.kind !== 'answered') return `refused without a fault: ${JSON.stringify(outcome)}`;
    const modes = modesOf(outcome.response);
    if (modes.length > 0)
      return `degraded without a fault: ${modes.join()}: ${outcome.response.degraded[0]?.reason}`;
  }
  return null;
};

const writesHonestly: Invariant = ({ problems }) => problems[0] ?? null;

export const INVARIANTS = {
  answersOrRefuses,
  citesExactly,
  tellsTheTruth,
  namesItsModel,
  remembersWholeAnswers,
  isCurrent,
  streamsTheSame,
  endsInTime,
  leavesNothing,
  breaksLegally,
  recovers,
  writesHonestly,
} as const satisfies Readonly<Record<string, Invariant>>;

export type InvariantName = keyof typeof INVARIANTS;

/** The invariants that a run breaks, with what is wrong. */
export function broken(run: Run, known: Known): string[] {
  return Object.entries(INVARIANTS).flatMap(([name, invariant]) => {
    const problem = invariant(run, known);
    return problem === null ? [] : [`${name}: ${problem}`];
  });
}
