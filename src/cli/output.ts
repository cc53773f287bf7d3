import type { HoldfastError } from '../core/errors.ts';
import { terminalJson, terminalText } from '../lib/terminal-text.ts';

/**
 * Where a command writes: results on standard output, everything else on standard error. Whatever documents and
 * servers say, nothing of it controls the terminal.
 */
export interface Output {
  /** Progress is drawn on a terminal. */
  readonly isTerminal: boolean;
  /** A line of the result. */
  result(line: string): void;
  /** The one JSON document of `--json`. */
  json(document: unknown): void;
  /** A line for the person who waits. */
  note(line: string): void;
  /** Replaces the last progress line on a terminal; elsewhere prints a line now and then. */
  progress(line: string): void;
  /** Ends the progress line. */
  progressDone(): void;
  error(error: HoldfastError): void;
}

const PLAIN_EVERY_MS = 2000;

/**
 * Output of this process. A reader that went away, or a full disk behind `> file`, must not end a server or a command
 * in the middle; a result that could not be written makes exit code 1 of it.
 */
export function processOutput(): Output {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.once('exit', () => (process.exitCode = 1));
  });
  const isTerminal = process.stderr.isTTY === true;
  let isProgressOpen = false;
  let lastPlain = 0;
  const note = (line: string): void => {
    process.stderr.write(`${isProgressOpen ? '\n' : ''}${terminalText(line)}\n`);
    isProgressOpen = false;
  };
  return {
    isTerminal,
    note,
    result: (line) => void process.stdout.write(`${terminalText(line)}\n`),
    json: (document) => void process.stdout.write(`${terminalJson(JSON.stringify(document, null, 2))}\n`),
    progress(line) {
      if (isTerminal) {
        process.stderr.write(`\r\u001b[K${terminalText(line)}`);
        isProgressOpen = true;
      } else if (performance.now() - lastPlain > PLAIN_EVERY_MS) {
        lastPlain = performance.now();
        process.stderr.write(`${terminalText(line)}\n`);
      }
    },
    progressDone() {
      if (isProgressOpen) process.stderr.write('\n');
      isProgressOpen = false;
    },
    error(error) {
      note(`holdfast: ${error.message} (${error.code})`);
      if (error.problems.length > 1)
        for (const { name, detail } of error.problems) note(`  ${name}: ${detail}`);
      note(`  ${error.advice}`);
    },
  };
}
