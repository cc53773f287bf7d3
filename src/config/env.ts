import type { Problem } from '../core/errors.ts';
import { didYouMean } from '../lib/did-you-mean.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'HOLDFAST_';

/** The environment of this process. Only `src/config` reads it; everybody else receives a `Config`. */
export function processEnvironment(): Environment {
  return process.env;
}

/** The raw value of each known name that is set to something; white space around it is removed. */
export function readEnvironment(
  environment: Environment,
  known: readonly string[],
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const name of known) {
    const value = environment[name]?.trim();
    if (value !== undefined && value !== '') values.set(name, value);
  }
  return values;
}

/** One problem per `HOLDFAST_*` variable that is no setting: most likely a typing error. */
export function unknownNames(environment: Environment, known: readonly string[]): readonly Problem[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .toSorted()
    .map((name) => ({ name, detail: `is not a setting${suggestion(name, known)}` }));
}

function suggestion(name: string, known: readonly string[]): string {
  const stems = new Map(known.map((candidate) => [candidate.slice(PREFIX.length), candidate]));
  const stem = didYouMean(name.slice(PREFIX.length), stems.keys());
  return stem === null ? '; `holdfast config` lists them' : `; did you mean ${PREFIX}${stem}?`;
}
