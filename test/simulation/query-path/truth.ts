import type { Call } from './journal.ts';
import { ENCODER } from './simulated-models.ts';
import type { PlannedQuestion } from './schedule.ts';

const RECALL: ReadonlySet<string> = new Set([
  'encoded',
  'remembered',
  'encode',
  'static',
  'lexical',
  'dense',
  'denseEncoded',
  'lexicalScores',
  'denseScores',
  'encodedScores',
  'scan',
]);

function failed({ end }: Call): boolean {
  return end !== 'ok' && end !== 'null';
}

/** Calls of the search that was answered from: a search is done again when documents were replaced under it. */
function lastRecall(calls: readonly Call[]): readonly Call[] {
  let recall: Call[] = [];
  let isOver = false;
  for (const call of calls) {
    if (call.part === 'hydrate') isOver = true;
    if (!RECALL.has(call.part)) continue;
    if (isOver) recall = [];
    isOver = false;
    recall.push(call);
  }
  return recall;
}

/** What the search had to say, from what its calls met: a second telling of the ladder. */
export function searchTruth({ mode }: PlannedQuestion, calls: readonly Call[]): Set<string> {
  const recall = lastRecall(calls);
  const of = (...parts: string[]): Call[] => recall.filter(({ part }) => parts.includes(part));
  const some = (...parts: string[]): boolean => of(...parts).some(failed);
  const truth = new Set<string>();
  const isEncoderLost = some('encode');
  const isEmbeddingLost = isEncoderLost || some('static');
  if (of('scan').length > 0) {
    truth.add('index=catalog_scan');
    if (isEmbeddingLost) truth.add('embedding=lexical_only');
    return truth;
  }
  const isDenseLost = some('encoded', 'dense', 'denseEncoded', 'denseScores', 'encodedScores');
  // Searched with vectors to the end: of the encoder, or of the built-in model.
  const isStaticServing = of('dense').length > 0 && !some('dense', 'denseScores');
  const isEncoderServing = of('denseEncoded').length > 0 && !some('denseEncoded', 'encodedScores');
  const servesVectors = of('dense').length > 0 ? isStaticServing : isEncoderServing;
  const instead = servesVectors ? 'static_vectors' : 'lexical_only';
  if (isEmbeddingLost) truth.add(`embedding=${instead}`);
  if (isDenseLost) truth.add(`dense=${instead}`);
  if (mode === 'hybrid' && servesVectors && some('lexical', 'lexicalScores')) truth.add('lexical=dense_only');
  return truth;
}

/** What the whole answer had to say. `extracted`: quotes were chosen, so that the weights of words mattered. */
export function answerTruth(
  planned: PlannedQuestion,
  calls: readonly Call[],
  isExtractive: boolean,
): Set<string> {
  const truth = searchTruth(planned, calls);
  const searchedAt = calls.findIndex(({ part }) => RECALL.has(part));
  const generated = [...calls.entries()].filter(([, { part }]) => part === 'generate');
  for (const [at, call] of generated) {
    if (at < searchedAt) {
      if (call.end === 'threw' || call.detail === 'empty') truth.add('generator=joined_question');
    } else if (call.end === 'threw' || call.detail !== 'good') truth.add('generator=extractive');
  }
  if (calls.some((call) => call.part === 'rerank' && failed(call))) truth.add('reranker=fused_order');
  if (isExtractive && calls.some((call) => call.part === 'words' && failed(call)))
    truth.add('index=equal_words');
  return truth;
}

/** The model whose vectors were searched; null: none were. */
export function searchedModel(calls: readonly Call[], staticModel: string): string | null {
  const recall = lastRecall(calls);
  const ended = (...parts: string[]): boolean => {
    const found = recall.filter(({ part }) => parts.includes(part));
    return found.length > 0 && !found.some(failed);
  };
  const scored = (part: string): boolean => !recall.some((call) => call.part === part && failed(call));
  if (recall.some(({ part }) => part === 'scan')) return null;
  if (ended('dense') && scored('denseScores')) return staticModel;
  if (recall.some(({ part }) => part === 'dense')) return null;
  return ended('denseEncoded') && scored('encodedScores') ? ENCODER.profile.model : null;
}
