import { HoldfastError } from '../core/errors.ts';
import type { Client } from '../app/client.ts';
import { EXIT, textFlag, type Command, type Invocation } from './command.ts';
import { GENERATION_ACTIONS } from './generations.ts';
import { withClient } from './with-client.ts';

export const collections: Command = {
  name: 'collections',
  usage: '[create|show|delete|reindex|generations|activate|rollback|discard NAME [ID]]',
  summary: 'Lists, creates, shows and deletes collections, and changes how they are indexed.',
  options: {
    language: { type: 'string' },
    description: { type: 'string' },
    'chunk-tokens': { type: 'string' },
    splitter: { type: 'string' },
    analyzer: { type: 'string' },
    embedder: { type: 'string' },
    questions: { type: 'string' },
    activate: { type: 'boolean' },
  },
  optionHelp: {
    '--language CODE': 'create, reindex: the language of all documents, or auto',
    '--description TEXT': 'create: what the collection holds',
    '--chunk-tokens NUMBER': 'reindex: the size of passages in word pieces; --splitter is the same',
    '--analyzer CODE': 'reindex: the same as --language',
    '--embedder NAME': 'reindex: static, none, the embedding model of the server, or server: as it is set',
    '--questions FILE': 'reindex: lines of {"question": "...", "documents": ["..."]} to compare on',
    '--activate': 'reindex: make the new generation the live one when it is ready',
  },
  async run(invocation) {
    const { words } = invocation;
    const [action = 'list', name] = words;
    const onGeneration = Object.entries(GENERATION_ACTIONS).find(([known]) => known === action)?.[1];
    if (onGeneration === undefined && !['list', 'create', 'show', 'delete'].includes(action))
      throw new HoldfastError('invalid_usage', `holdfast collections does not know "${action}"`);
    if (action !== 'list' && name === undefined)
      throw new HoldfastError('invalid_usage', `holdfast collections ${action} needs a name`);
    return withClient(invocation, async (client) =>
      onGeneration === undefined
        ? onCollection(client, { action, name: name ?? '' }, invocation)
        : onGeneration(client, name ?? '', invocation),
    );
  },
};

async function onCollection(
  client: Client,
  { action, name }: { readonly action: string; readonly name: string },
  { flags, output, isJson }: Invocation,
): Promise<number> {
  if (action === 'list') {
    const page = await client.listCollections();
    if (isJson) output.json(page);
    for (const { name: listed, stats } of isJson ? [] : page.items) {
      output.result(
        `${listed}: ${stats.documents.ready} documents ready, ${stats.documents.failed} failed, ${stats.chunks} passages`,
      );
    }
    return EXIT.done;
  }
  if (action === 'delete') {
    await client.deleteCollection(name);
    if (isJson) output.json({ deleted: name });
    else output.result(`deleted ${name}`);
    return EXIT.done;
  }
  const language = textFlag(flags, 'language');
  const description = textFlag(flags, 'description');
  const collection =
    action === 'show'
      ? await client.getCollection(name)
      : await client.createCollection({
          name,
          ...(language === undefined ? {} : { language }),
          ...(description === undefined ? {} : { description }),
        });
  if (isJson) output.json(collection);
  else
    output.result(
      `${collection.name}: ${collection.stats.documents.total} documents, ${collection.stats.chunks} passages`,
    );
  return EXIT.done;
}
