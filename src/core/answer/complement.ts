import { coverage } from './candidates.ts';
import type { Question } from './question.ts';
import type { ScoredCandidate } from './score.ts';

/** Log odds for what a further unit adds to the best one: words of the question that the best one lacks. */
const ADDED = 3;
/** The best one's neighbours often complete it. */
const FOLLOWS = 0.8;
const PRECEDES = 0.4;
/** Units far behind the best cannot catch up. */
const CONSIDERED = 30;

/** The best unit, then the others by how likely they hold the answer if the best one doesn't. */
export function orderForAnswer(scored: readonly ScoredCandidate[], question: Question): ScoredCandidate[] {
  const [best, ...others] = scored.slice(0, CONSIDERED);
  if (best === undefined) return [];
  const complements = others.map((candidate) => {
    const added = [...candidate.words].filter((word) => !best.words.has(word));
    const score = candidate.score + ADDED * coverage(added, question) + neighbourhood(best, candidate);
    return Object.assign({}, candidate, { score });
  });
  return [best, ...complements.sort((a, b) => b.score - a.score), ...scored.slice(CONSIDERED)];
}

function neighbourhood(best: ScoredCandidate, { passage, order }: ScoredCandidate): number {
  if (passage !== best.passage) return 0;
  if (order === best.order + 1) return FOLLOWS;
  return order === best.order - 1 ? PRECEDES : 0;
}
