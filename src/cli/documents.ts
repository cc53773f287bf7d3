import type { Client } from '../app/client.ts';
import { HoldfastError } from '../core/errors.ts';
import type { WireDocument } from '../http/contract/document.ts';
import { EXIT, textFlag, type Command, type Invocation } from './command.ts';
import { withClient } from './with-client.ts';

export const documents: Command = {
  name: 'documents',
  usage: '[show|text|delete ID] --collection NAME',
  summary: 'Lists, shows and deletes the documents of a collection.',
  options: { collection: { type: 'string', short: 'c' }, state: { type: 'string' } },
  optionHelp: {
    '--collection NAME': 'the collection',
    '--state STATE': 'list: only these: queued, processing, ready, failed or skipped',
  },
  async run(invocation) {
    const { words, flags } = invocation;
    const name = textFlag(flags, 'collection');
    const [action = 'list', id] = words;
    if (name === undefined)
      throw new HoldfastError('invalid_usage', 'holdfast documents needs --collection NAME');
    if (!['list', 'show', 'text', 'delete'].includes(action))
      throw new HoldfastError('invalid_usage', `holdfast documents does not know "${action}"`);
    if (action !== 'list' && id === undefined)
      throw new HoldfastError('invalid_usage', `holdfast documents ${action} needs a document id`);
    return withClient(invocation, async (client) => {
      if (action === 'list') return list(invocation, client, name);
      return one(invocation, client, { name, action, id: id ?? '' });
    });
  },
};

async function list({ flags, output, isJson }: Invocation, client: Client, name: string): Promise<number> {
  const state = textFlag(flags, 'state');
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
  const reason = problem === null ? '' : ` — ${problem.reason} (${problem.code})`;
  return `${id}  ${state.padEnd(10)} ${chunks} passages  ${title} — ${key}${reason}`;
}
