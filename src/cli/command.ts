import type { ParseArgsConfig } from 'node:util';
import type { Config, ConfigFlags } from '../config/config.ts';
import type { Environment } from '../config/env.ts';
import type { Logger } from '../lib/logger.ts';
import type { Output } from './output.ts';

export const EXIT = { done: 0, failed: 1, usage: 2, nothingFound: 3 } as const;

export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What a command gets. */
export interface Invocation {
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly isJson: boolean;
  readonly output: Output;
  /** @throws HoldfastError `invalid_configuration`. */
  readonly config: () => Config;
  readonly environment: Environment;
  readonly configFlags: ConfigFlags;
  readonly logger: (config: Config) => Logger;
}

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** What follows the name. */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
  /** Flags beside `--data`, `--json` and `--help`, with a sentence each. */
  readonly options: NonNullable<ParseArgsConfig['options']>;
  readonly optionHelp: Readonly<Record<string, string>>;
  /** Resolves to the exit code. */
  run(invocation: Invocation): Promise<number>;
}

/** The text of a flag, or undefined when it was not given. */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

/** The texts of a flag that may be given several times; undefined when it was not given. */
export function textsFlag(flags: Flags, name: string): readonly string[] | undefined {
  const value = flags[name];
  return Array.isArray(value) ? (value as readonly string[]) : undefined;
}
