import { EXIT, type Command } from './command.ts';
import { placeOf } from './place.ts';
import { QUERY_OPTION_HELP, QUERY_OPTIONS, queryBody } from './query-body.ts';
import { withClient } from './with-client.ts';

const SHOWN_CHARS = 240;

export const search: Command = {
  name: 'search',
  usage: '"WORDS"',
  summary: 'Lists the passages that match best.',
  options: QUERY_OPTIONS,
  optionHelp: QUERY_OPTION_HELP,
  async run(invocation) {
    const body = queryBody(invocation, 'search');
    return withClient(invocation, async (client) => {
      const { output } = invocation;
      const response = await client.search(body);
      if (invocation.isJson) output.json(response);
      for (const result of invocation.isJson ? [] : response.results) {
        output.result(`${result.rank}. ${placeOf(result)}`);
        output.result(`   ${excerpt(result.text)}`);
      }
      if (response.results.length === 0) output.note('Nothing was found.');
      return response.results.length === 0 ? EXIT.nothingFound : EXIT.done;
    });
  },
};

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= SHOWN_CHARS ? line : `${line.slice(0, SHOWN_CHARS - 1)}…`;
}
