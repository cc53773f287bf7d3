import type { Generator } from '../models/generator.ts';
import { condense } from './generate/condense.ts';
import type { AskRequest } from './answer.ts';

export interface StandAlone {
  readonly query: string;
  /** Why a follow-up question was not rewritten by the model that is there for it; null: nothing was missed. */
  readonly lost: string | null;
}

/** The question as it is searched for: a follow-up is made to stand alone. */
export async function standAlone(
  { query, history = [] }: Pick<AskRequest, 'query' | 'history'>,
  generator: Generator | null,
  signal: AbortSignal,
): Promise<StandAlone> {
  if (generator === null) return { query: await condense(query, history, { generator, signal }), lost: null };
  let lost: string | null = null;
  const listened: Generator = {
    ...generator,
    async *generate(request, inner) {
      let text = '';
      try {
        for await (const piece of generator.generate(request, inner)) {
          text += piece;
          yield piece;
        }
      } catch (error) {
        lost = error instanceof Error ? error.message : String(error);
        throw error;
      }
      if (text.trim() === '') lost = 'the model wrote nothing';
    },
  };
  const condensed = await condense(query, history, { generator: listened, signal });
  return { query: condensed, lost };
}
