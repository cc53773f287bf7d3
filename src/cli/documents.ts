import type { Client } from '../app/client.ts';
import { HoldfastError } from '../core/errors.ts';
import type { WireDocument } from '../http/contract/document.ts';
import type { WireRetried } from '../http/contract/job.ts';
import { EXIT, textFlag, type Command, type Invocation } from './command.ts';
import { jobLine } from './jobs.ts';
import { listDuplicates } from './list-duplicates.ts';
import { withClient } from './with-client.ts';

export const documents: Command = {
  name: 'documents',
  usage: '[show|text|delete ID] [retry [ID]] [--failed] [--duplicates] --collection NAME',
  summary: 'Lists, shows and deletes the documents of a collection, and tries failed ones again.',
  options: {
    collection: { type: 'string', short: 'c' },
    state: { type: 'string' },
    failed: { type: 'boolean' },
    duplicates: { type: 'boolean' },
  },
  optionHelp: {
    '--collection NAME': 'the collection',
    '--state STATE':
      'list: only these: queued, fetching, parsing, splitting, embedding, indexing, ready, failed or skipped',
    '--failed': 'list: what failed, with the reason and what to do',
    '--duplicates': 'groups of documents with nearly the same text',
  },
  async run(invocation) {
    const { words, flags } = invocation;
    const name = textFlag(flags, 'collection');
    const [action = 'list', id] = words;
    if (name === undefined)
      throw new HoldfastError('invalid_usage', 'holdfast documents needs --collection NAME');
    if (!['list', 'show', 'text', 'delete', 'retry'].includes(action))
      throw new HoldfastError('invalid_usage', `holdfast documents does not know "${action}"`);
    if (!['list', 'retry'].includes(action) && id === undefined)
      throw new HoldfastError('invalid_usage', `holdfast documents ${action} needs a document id`);
    return withClient(invocation, async (client) => {
      if (action === 'list' && flags['duplicates'] === true) return listDuplicates(invocation, client, name);
      if (action === 'list') return list(invocation, client, name);
      if (action === 'retry') return retry(invocation, await client.retryDocuments(name, id ?? null));
      return one(invocation, client, { name, action, id: id ?? '' });
    });
  },
};

async function list({ flags, output, isJson }: Invocation, client: Client, name: string): Promise<number> {
  const state = flags['failed'] === true ? 'failed' : textFlag(flags, 'state');
  const items: WireDocument[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Client['listDocuments']>> = await client.listDocuments(name, {
      limit: '1000',
      ...(state === undefined ? {} : { state }),
      ...(cursor === null ? {} : { cursor }),
    });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  if (isJson) output.json({ items, next_cursor: null });
  else for (const document of items) output.result(line(document));
  return EXIT.done;
}

function retry({ output, isJson }: Invocation, retried: WireRetried): number {
  if (isJson) output.json(retried);
  else output.result(retried.job === null ? 'nothing has failed' : jobLine(retried.job));
  return retried.job === null ? EXIT.nothingFound : EXIT.done;
}

interface Target {
  readonly name: string;
  readonly action: string;
  readonly id: string;
}

async function one(
  { output, isJson }: Invocation,
  client: Client,
  { name, action, id }: Target,
): Promise<number> {
  if (action === 'delete') {
    await client.deleteDocument(name, id);
    if (isJson) output.json({ deleted: id });
    else output.result(`deleted ${id}`);
    return EXIT.done;
  }
  if (action === 'text') {
    const text = await client.documentText(name, id);
    if (isJson) output.json({ id, text });
    else output.result(text);
    return EXIT.done;
  }
  const document = await client.getDocument(name, id);
  if (isJson) output.json(document);
  else output.result(line(document));
  return EXIT.done;
}

function line({ id, state, title, source_key: key, chunk_count: chunks, problem }: WireDocument): string {
  const reason = problem === null ? '' : ` — ${problem.reason} (${problem.code}). ${problem.advice}`;
  return `${id}  ${state.padEnd(10)} ${chunks} passages  ${title} — ${key}${reason}`;
}
