import { parseArgs } from 'node:util';
import { loadConfig, type ConfigFlags } from '../config/config.ts';
import { processEnvironment } from '../config/env.ts';
import { HoldfastError, toHoldfastError } from '../core/errors.ts';
import { didYouMean } from '../lib/did-you-mean.ts';
import { createLogger } from '../telemetry/logger.ts';
import { ask } from './ask.ts';
import { breakers } from './breakers.ts';
import { collections } from './collections.ts';
import { EXIT, textFlag, type Command, type Flags, type Invocation } from './command.ts';
import { config } from './config.ts';
import { documents } from './documents.ts';
import { evaluate } from './eval.ts';
import { faults } from './faults.ts';
import { commandHelp, mainHelp } from './help.ts';
import { ingest } from './ingest.ts';
import { jobs } from './jobs.ts';
import { processOutput, type Output } from './output.ts';
import { search } from './search.ts';
import { serve } from './serve.ts';
import { start } from './start.ts';

const COMMANDS: readonly Command[] = [
  start,
  serve,
  ingest,
  ask,
  search,
  collections,
  documents,
  breakers,
  jobs,
  evaluate,
  faults,
  config,
];

/** Runs one command line and resolves to the exit code; prints all errors itself. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const output = processOutput();
  try {
    return await dispatch(argv, output);
  } catch (thrown) {
    const error = toHoldfastError(thrown);
    output.error(error);
    return exitCodeOf(error);
  }
}

async function dispatch([name, ...rest]: readonly string[], output: Output): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    output.result(mainHelp(COMMANDS));
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) throw unknownCommand(name);
  const invocation = parse(command, rest, output);
  if (invocation === null) {
    output.result(commandHelp(command));
    return EXIT.done;
  }
  return command.run(invocation);
}

function unknownCommand(name: string): HoldfastError {
  const near = didYouMean(
    name,
    COMMANDS.map((command) => command.name),
  );
  return new HoldfastError(
    'invalid_usage',
    `there is no command "${name}"${near === null ? '' : `; did you mean "${near}"?`}`,
  );
}

const COMMON = {
  data: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Null when help is asked for. */
function parse(command: Command, args: readonly string[], output: Output): Invocation | null {
  const { values, positionals } = readArgs(command, args);
  if (values['help'] === true) return null;
  const configFlags: ConfigFlags = {
    data: textFlag(values, 'data'),
    host: textFlag(values, 'host'),
    port: textFlag(values, 'port'),
  };
  const environment = processEnvironment();
  return {
    words: positionals,
    flags: values,
    isJson: values['json'] === true,
    output,
    environment,
    configFlags,
    config: () => loadConfig(environment, configFlags),
    logger: ({ logLevel, logFormat }) => createLogger({ level: logLevel, format: logFormat }),
  };
}

function readArgs(command: Command, args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...COMMON, ...command.options },
      allowPositionals: true,
    });
    return { values: values as Flags, positionals };
  } catch (error) {
    const detail = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    throw new HoldfastError('invalid_usage', `holdfast ${command.name}: ${detail}`, { cause: error });
  }
}

const USAGE_CODES: ReadonlySet<string> = new Set([
  'invalid_usage',
  'invalid_configuration',
  'invalid_filter',
  'invalid_query',
  'invalid_request',
]);

function exitCodeOf(error: HoldfastError): number {
  return USAGE_CODES.has(error.code) ? EXIT.usage : EXIT.failed;
}
