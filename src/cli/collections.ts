import { HoldfastError } from '../core/errors.ts';
import { EXIT, textFlag, type Command } from './command.ts';
import { withClient } from './with-client.ts';

export const collections: Command = {
  name: 'collections',
  usage: '[create|show|delete NAME]',
  summary: 'Lists, creates, shows and deletes collections.',
  options: { language: { type: 'string' }, description: { type: 'string' } },
  optionHelp: {
    '--language CODE': 'create: the language of all documents, instead of detecting it',
    '--description TEXT': 'create: what the collection holds',
  },
  async run(invocation) {
    const { words, flags, output, isJson } = invocation;
    const [action = 'list', name] = words;
    if (!['list', 'create', 'show', 'delete'].includes(action))
      throw new HoldfastError('invalid_usage', `holdfast collections does not know "${action}"`);
    if (action !== 'list' && name === undefined)
      throw new HoldfastError('invalid_usage', `holdfast collections ${action} needs a name`);
    return withClient(invocation, async (client) => {
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
        await client.deleteCollection(name ?? '');
        if (isJson) output.json({ deleted: name });
        else output.result(`deleted ${name}`);
        return EXIT.done;
      }
      const language = textFlag(flags, 'language');
      const description = textFlag(flags, 'description');
      const collection =
        action === 'show'
          ? await client.getCollection(name ?? '')
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
    });
  },
};
