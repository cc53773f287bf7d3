import type { Command } from './command.ts';

/** Lists the commands. */
export function mainHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name, usage }) => `${name} ${usage}`.length));
  const lines = commands.map(
    ({ name, usage, summary }) => `  ${`${name} ${usage}`.padEnd(width)}  ${summary}`,
  );
  return [
    'Answers questions from your documents, with citations.',
    '',
    'usage: holdfast COMMAND [FLAGS]',
    '',
    ...lines,
    '',
    'Every command takes --data DIR (the data folder), --json (one JSON document on standard output) and --help.',
    'Settings are HOLDFAST_* environment variables: holdfast config lists them.',
  ].join('\n');
}

/** Explains one command. */
export function commandHelp({ name, usage, summary, optionHelp }: Command): string {
  const flags = Object.entries(optionHelp).map(([flag, help]) => `  ${flag.padEnd(22)} ${help}`);
  return [
    `usage: holdfast ${name} ${usage}`.trim(),
    '',
    summary,
    ...(flags.length === 0 ? [] : ['', ...flags]),
  ].join('\n');
}
