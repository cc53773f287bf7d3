import { HoldfastError } from '../core/errors.ts';
import { textFlag, type Invocation } from './command.ts';

/** Flags of `ask` and `search`. */
export const QUERY_OPTIONS = {
  collection: { type: 'string', short: 'c' },
  filter: { type: 'string' },
  k: { type: 'string', short: 'k' },
  mode: { type: 'string' },
  distinct: { type: 'boolean' },
} as const;

export const QUERY_OPTION_HELP = {
  '--collection NAME': 'look into this collection only (several: separate them with commas)',
  '--filter JSON': 'only documents whose metadata match, such as {"path": {"prefix": "guides/"}}',
  '-k NUMBER': 'how many results, 1 to 100',
  '--mode MODE': 'hybrid (default), lexical or dense',
  '--distinct': 'of documents with nearly the same text only the best',
} as const;

/** The body of `POST /api/v1/rag/query` that the words and flags describe. */
export function queryBody({ words, flags }: Invocation, name: string): Record<string, unknown> {
  const query = words.join(' ').trim();
  if (query === '') throw new HoldfastError('invalid_usage', `holdfast ${name} needs a question in quotes`);
  const collection = textFlag(flags, 'collection');
  const filter = textFlag(flags, 'filter');
  const k = textFlag(flags, 'k');
  const mode = textFlag(flags, 'mode');
  return {
    query,
    ...(collection === undefined ? {} : { collections: collection.split(',') }),
    ...(filter === undefined ? {} : { filter: readFilter(filter) }),
    ...(k === undefined ? {} : { top_k: readNumber(k) }),
    ...(flags['distinct'] === true ? { distinct: true } : {}),
    ...(mode === undefined ? {} : { retrieval_mode: mode }),
  };
}

function readFilter(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new HoldfastError('invalid_filter', `--filter ${text} is not JSON`);
  }
}

function readNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value))
    throw new HoldfastError('invalid_usage', `-k "${text}" is not a whole number`);
  return value;
}
