import { BREAKER_HOLDS, type BreakerHold } from '../core/breakers.ts';
import { HoldfastError } from '../core/errors.ts';
import type { WireBreaker } from '../http/contract/breaker.ts';
import { EXIT, type Command } from './command.ts';
import { withClient } from './with-client.ts';

export const breakers: Command = {
  name: 'breakers',
  usage: '[NAME auto|forced_open|closed]',
  summary: 'Shows the circuit breakers of a running server, or holds one open or closed.',
  options: {},
  optionHelp: {},
  async run(invocation) {
    const { words, output, isJson } = invocation;
    const [name, word] = words;
    const mode = name === undefined ? null : holdOf(word);
    return withClient(invocation, async (client) => {
      if (name === undefined || mode === null) {
        const list = await client.listBreakers();
        if (isJson) output.json(list);
        else for (const breaker of list.items) output.result(lineOf(breaker));
        return EXIT.done;
      }
      const held = await client.holdBreaker(name, mode);
      if (isJson) output.json(held);
      else output.result(lineOf(held));
      return EXIT.done;
    });
  },
};

function holdOf(word: string | undefined): BreakerHold {
  const mode = BREAKER_HOLDS.find((one) => one === word);
  if (mode !== undefined) return mode;
  throw new HoldfastError(
    'invalid_usage',
    `holdfast breakers NAME needs one of ${BREAKER_HOLDS.join(', ')}, not ${JSON.stringify(word ?? '')}`,
  );
}

function lineOf({
  name,
  state,
  mode,
  since,
  reason,
  retry_after_seconds: wait,
  totals,
}: WireBreaker): string {
  if (state === 'disabled') return `${name.padEnd(28)} disabled`;
  const held = mode === 'auto' ? '' : ', held by an operator';
  const why = reason === null ? '' : `, ${reason.replaceAll('_', ' ')}`;
  const next = wait > 0 && mode === 'auto' ? `, next try in ${wait} s` : '';
  const counts = `${totals.successes} good, ${totals.failures} failed, ${totals.rejected} rejected`;
  return `${name.padEnd(28)} ${state}${held} since ${since}${why}${next}; ${counts}`;
}
