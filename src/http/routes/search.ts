import type { FastifyInstance } from 'fastify';
import type { Filter } from '../../core/retrieval/filter.ts';
import type { Search, SearchRequest } from '../../core/retrieval/search.ts';
import { equalityCondition, MAX_FILTER_FIELDS, parseFilterText } from '../contract/filter.ts';
import { invalid, parse } from '../contract/parse.ts';
import { DEFAULT_RESULTS, searchQuerySchema } from '../contract/search.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { SignalFor } from '../plugins/deadline.ts';
import { collectionNamed, tenantOf } from '../tenant.ts';
import { toWireSearch } from '../wire/search.ts';
import { markDegraded } from './degraded-header.ts';

export interface SearchDependencies {
  readonly search: Search;
  readonly signalFor: SignalFor;
  readonly searchTimeoutMs: number;
}

/** `GET /api/v1/rag/search`: results without an answer. */
export function registerSearch(
  app: FastifyInstance,
  { search, signalFor, searchTimeoutMs }: SearchDependencies,
): void {
  app.get('/api/v1/rag/search', async (request, reply) => {
    const question = toSearchRequest(request.query);
    const signal = signalFor(request, reply, searchTimeoutMs);
    const found = await untilAborted(signal, search(question, signal));
    markDegraded(reply, found.degraded);
    return toWireSearch(found);
  });
}

function toSearchRequest(parameters: unknown): SearchRequest {
  const { fields, rest } = splitFieldFilters(parameters);
  const sent = parse(searchQuerySchema, rest, 'parameters');
  return {
    tenant: tenantOf(),
    query: onlyOne({ query: sent.query, q: sent.q }) ?? missingQuery(),
    collections: [...new Set(sent.collection?.map(collectionNamed))],
    filter: mergeFilters(sent.filter === undefined ? {} : parseFilterText(sent.filter), fields),
    topK: onlyOne({ max_results: sent.max_results, k: sent.k }) ?? DEFAULT_RESULTS,
    mode: sent.retrieval_mode ?? 'hybrid',
    distinct: sent.distinct === 'true',
  };
}

/** The value of two names for one parameter; both at once only when they agree. */
function onlyOne<T>(names: Readonly<Record<string, T | undefined>>): T | undefined {
  const sent = Object.entries(names).filter(([, value]) => value !== undefined);
  if (new Set(sent.map(([, value]) => value)).size > 1) {
    throw invalid(
      sent.map(([name, value]) => ({
        name,
        detail: `Two names of one parameter disagree, got ${JSON.stringify(value)}`,
      })),
    );
  }
  return sent[0]?.[1];
}

function missingQuery(): never {
  throw invalid([{ name: 'query', detail: 'Expected a text, got nothing' }]);
}

interface SplitParameters {
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly rest: Readonly<Record<string, unknown>>;
}

/** Takes `filter.<field>=value` apart from the parameters with fixed names. */
function splitFieldFilters(parameters: unknown): SplitParameters {
  const fields = new Map<string, readonly string[]>();
  const rest: [string, unknown][] = [];
  for (const [name, value] of Object.entries(parameters ?? {})) {
    if (name.startsWith('filter.') && name.length > 'filter.'.length) {
      fields.set(name.slice('filter.'.length), [value].flat().map(String));
    } else rest.push([name, value]);
  }
  return { fields, rest: Object.fromEntries(rest) };
}

function mergeFilters(filter: Filter, fields: ReadonlyMap<string, readonly string[]>): Filter {
  for (const field of fields.keys()) {
    if (Object.hasOwn(filter, field)) {
      throw invalid([{ name: `filter.${field}`, detail: 'The field is in `filter` too' }]);
    }
  }
  const merged = [
    ...Object.entries(filter),
    ...[...fields].map(([field, values]) => [field, equalityCondition(values)] as const),
  ];
  if (merged.length > MAX_FILTER_FIELDS) {
    throw invalid([
      { name: 'filter', detail: `Expected at most ${MAX_FILTER_FIELDS} fields, got ${merged.length}` },
    ]);
  }
  return Object.fromEntries(merged);
}
