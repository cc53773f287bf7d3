import type { AskResponse } from '../../../src/core/answer/answer.ts';
import type { VersionId } from '../../../src/core/documents/ids.ts';
import type { InvariantName } from './invariants.ts';
import type { Asked, Run } from './run.ts';

/** A lie about a run that an invariant must notice; null when the run gives no occasion for it. */
export type Mutation = (run: Run) => Run | null;

function changed(
  run: Run,
  isMeant: (asked: Asked) => boolean,
  change: (asked: Asked) => Partial<Asked>,
): Run | null {
  const at = run.asked.findIndex(isMeant);
  const meant = run.asked[at];
  return meant === undefined ? null : { ...run, asked: run.asked.with(at, { ...meant, ...change(meant) }) };
}

function isAnswered({ outcome }: Asked): boolean {
  return outcome.kind === 'answered';
}

function hasSearched({ outcome, calls }: Asked): boolean {
  return outcome.kind === 'answered' && calls.some(({ part }) => part === 'lexical' || part === 'dense');
}

/** Changes the first answer that was searched for and has what is asked for. */
function response(
  change: (response: AskResponse) => Partial<AskResponse>,
  isMeant: (response: AskResponse) => boolean = () => true,
): Mutation {
  return (run) =>
    changed(
      run,
      (asked) => hasSearched(asked) && asked.outcome.kind === 'answered' && isMeant(asked.outcome.response),
      ({ outcome }) =>
        outcome.kind === 'answered'
          ? { outcome: { kind: 'answered', response: { ...outcome.response, ...change(outcome.response) } } }
          : {},
    );
}

const INVENTED = { component: 'reranker', mode: 'nothing', reason: 'invented', since: '' };
const isCited = ({ citations }: AskResponse): boolean => citations.length > 0;

/** Lies, with the invariant that notices each. */
export const MUTATIONS: readonly (readonly [title: string, InvariantName, Mutation])[] = [
  [
    'an answer never comes',
    'answersOrRefuses',
    (run) => changed(run, isAnswered, () => ({ outcome: { kind: 'pending' } })),
  ],
  [
    'an error has no type',
    'answersOrRefuses',
    (run) => changed(run, isAnswered, () => ({ outcome: { kind: 'refused', error: new Error('oops') } })),
  ],
  [
    'a quote has another letter',
    'citesExactly',
    response(
      ({ citations }) => ({ citations: citations.map((one) => ({ ...one, quote: `${one.quote}x` })) }),
      isCited,
    ),
  ],
  [
    'a citation begins a letter later',
    'citesExactly',
    response(
      ({ citations }) => ({ citations: citations.map((one) => ({ ...one, start: one.start + 1 })) }),
      isCited,
    ),
  ],
  [
    'an extractive answer has a word of its own',
    'citesExactly',
    response(
      ({ answer }) => ({ answer: { ...answer, text: `Surely ${answer.text}` } }),
      ({ answer }) => answer.mode === 'extractive' && !answer.refused,
    ),
  ],
  ['citations are lost', 'citesExactly', response(() => ({ citations: [] }), isCited)],
  [
    'a lost part is hidden',
    'tellsTheTruth',
    response(
      ({ degraded }) => ({ degraded: degraded.slice(1) }),
      ({ degraded, retrieval }) => degraded.length > 0 && retrieval.mode !== 'cache',
    ),
  ],
  [
    'a lost part is invented',
    'tellsTheTruth',
    response(({ degraded }) => ({ degraded: [...degraded, INVENTED] })),
  ],
  [
    'an answer claims to be old',
    'tellsTheTruth',
    response(
      () => ({ stalenessSeconds: 60 }),
      ({ stalenessSeconds }) => stalenessSeconds === undefined,
    ),
  ],
  [
    'another model is named',
    'namesItsModel',
    response(({ retrieval }) => ({ retrieval: { ...retrieval, embeddingModel: 'another' } })),
  ],
  [
    'an answer is told to another asker in other words',
    'remembersWholeAnswers',
    (run) =>
      changed(
        run,
        (asked) =>
          isAnswered(asked) &&
          !asked.calls.some(({ part }) => ['lexical', 'dense', 'denseEncoded'].includes(part)),
        ({ outcome }) =>
          outcome.kind === 'answered'
            ? { outcome: { kind: 'answered', response: { ...outcome.response, results: [] } } }
            : {},
      ),
  ],
  [
    'a version is shown that was replaced before',
    'isCurrent',
    (run) =>
      changed(
        run,
        (asked) =>
          hasSearched(asked) &&
          asked.outcome.kind === 'answered' &&
          asked.outcome.response.results.some(({ documentVersion }) =>
            asked.versions.includes(documentVersion),
          ),
        () => ({ versions: ['another' as VersionId] }),
      ),
  ],
  [
    'a stream forgets its last citation',
    'streamsTheSame',
    (run) =>
      changed(
        run,
        ({ events }) => events.some(({ type }) => type === 'citation'),
        ({ events }) => ({
          events: events.toSpliced(
            events.findLastIndex(({ type }) => type === 'citation'),
            1,
          ),
        }),
      ),
  ],
  [
    'a stream has other words than its final event',
    'streamsTheSame',
    (run) =>
      changed(
        run,
        ({ events }) => events.at(-1)?.type === 'final',
        ({ events }) => ({
          events: events.toSpliced(events.findLastIndex(({ type }) => type === 'delta') + 1, 0, {
            type: 'delta',
            data: { text: 'and more' },
          }),
        }),
      ),
  ],
  [
    'an answer comes after its deadline',
    'endsInTime',
    (run) => changed(run, isAnswered, ({ deadlineAt }) => ({ endedAt: deadlineAt + 1 })),
  ],
  ['work goes on for ever', 'leavesNothing', (run) => changed(run, isAnswered, () => ({ isSettled: false }))],
  ['a listener is left', 'leavesNothing', (run) => changed(run, isAnswered, () => ({ listeners: 1 }))],
  ['a timer is left', 'leavesNothing', (run) => ({ ...run, timersLeft: 1 })],
  [
    'a breaker closes without a probe',
    'breaksLegally',
    (run) => {
      const { transitions } = run;
      const at = transitions.findIndex(({ to }) => to === 'half_open');
      return at === -1 ? null : { ...run, transitions: transitions.toSpliced(at, 1) };
    },
  ],
  [
    'an answer stays degraded',
    'recovers',
    ({ last, ...run }) =>
      last.outcome.kind === 'answered'
        ? {
            ...run,
            last: {
              ...last,
              outcome: { kind: 'answered', response: { ...last.outcome.response, degraded: [INVENTED] } },
            },
          }
        : null,
  ],
  ['a refused write changes something', 'writesHonestly', (run) => ({ ...run, problems: ['changed'] })],
];
