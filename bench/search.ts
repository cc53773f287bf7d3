import type { Service } from '../src/app/service.ts';
import type { Scope } from '../src/core/documents/ids.ts';
import { RETRIEVAL_MODES } from '../src/core/retrieval/search.ts';
import { spread } from './quantiles.ts';

const WARM_UP = 200;
const NEVER = new AbortController().signal;

/** Milliseconds per search in process, text of ten results included, by mode; and per cited answer. */
export async function searchRows(
  service: Service,
  scope: Scope,
  queries: readonly string[],
): Promise<string[][]> {
  const { tenant, collection } = scope;
  const rows: string[][] = [];
  for (const mode of RETRIEVAL_MODES) {
    const times = await timed(queries, async (query) => {
      await service.search({ tenant, query, collections: [collection], filter: {}, topK: 10, mode }, NEVER);
    });
    rows.push([`search, ${mode}`, ...spread(times)]);
  }
  const answers = await timed(queries, async (query) => {
    await service.ask(
      { tenant, query, collections: [collection], filter: {}, topK: 10, mode: 'hybrid', maxAnswerChars: 400 },
      NEVER,
    );
  });
  rows.push(['cited answer, hybrid', ...spread(answers)]);
  return rows;
}

async function timed(queries: readonly string[], work: (query: string) => Promise<void>): Promise<number[]> {
  for (const query of queries.slice(0, WARM_UP)) await work(query);
  const times: number[] = [];
  for (const query of queries) {
    const began = performance.now();
    await work(query);
    times.push(performance.now() - began);
  }
  return times;
}
