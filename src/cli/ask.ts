import type { WireAsk } from '../http/contract/search.ts';
import { EXIT, type Command } from './command.ts';
import type { Output } from './output.ts';
import { placeOf } from './place.ts';
import { QUERY_OPTION_HELP, QUERY_OPTIONS, queryBody } from './query-body.ts';
import { withClient } from './with-client.ts';

export const ask: Command = {
  name: 'ask',
  usage: '"QUESTION"',
  summary: 'Answers from the documents, with numbered sources.',
  options: QUERY_OPTIONS,
  optionHelp: QUERY_OPTION_HELP,
  async run(invocation) {
    const body = queryBody(invocation, 'ask');
    return withClient(invocation, async (client) => {
      const response = await client.ask(body);
      if (invocation.isJson) invocation.output.json(response);
      else printAnswer(response, invocation.output);
      return response.answer.refused ? EXIT.nothingFound : EXIT.done;
    });
  },
};

/** The answer and its sources; for a refusal the closest passages. */
export function printAnswer({ answer, citations, results, degraded }: WireAsk, output: Output): void {
  output.result(answer.text.trim());
  for (const { component, reason } of degraded) output.note(`degraded: ${component}: ${reason}`);
  const sources = answer.refused
    ? results.slice(0, 3).map((result) => `  ${result.rank}. ${placeOf(result)}`)
    : citations.map((citation) => `  [${citation.marker}] ${placeOf(citation)}`);
  if (sources.length === 0) return;
  output.result('');
  output.result(answer.refused ? 'Closest:' : 'Sources:');
  for (const line of sources) output.result(line);
}
