import { ModelError } from '../../core/models/model-error.ts';
import { field } from '../model-http/json-fields.ts';

/**
 * Scores in the order of the texts from `{index, score}` in any order. Every text must have exactly one finite score:
 * @throws ModelError `unusable` otherwise.
 */
export function rankedScores(
  ranking: unknown,
  { place, count }: { readonly place: string; readonly count: number },
): readonly number[] {
  if (!Array.isArray(ranking)) throw unusable(place, 'no list of results');
  const scores = new Map<unknown, number>();
  for (const one of ranking) {
    const score = field(one, 'score');
    if (typeof score !== 'number' || !Number.isFinite(score))
      throw unusable(place, 'a score that is no number');
    scores.set(field(one, 'index'), score);
  }
  if (scores.size !== count || ranking.length !== count)
    throw unusable(place, `scores for ${scores.size} of ${count} documents`);
  return Array.from({ length: count }, (_, index) => {
    const score = scores.get(index);
    if (score === undefined) throw unusable(place, `no score for document ${index}`);
    return score;
  });
}

function unusable(place: string, what: string): ModelError {
  return new ModelError('unusable', `${place} answered with ${what}`);
}
