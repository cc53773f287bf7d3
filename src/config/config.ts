import { HoldfastError, type Problem } from '../core/errors.ts';
import { readEnvironment, unknownNames, type Environment } from './env.ts';
import { modelProblems } from './model-problems.ts';
import { readSecretFiles } from './secrets.ts';
import { fileVariable, InvalidValue, variableNames, type Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';

type Settings = typeof SETTINGS;

/** What Holdfast runs with: one typed value per setting. */
export type Config = {
  readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer Value> ? Value : never;
};

/** Values given on the command line (`--data`, `--host`, `--port`); they win over the environment. */
export type ConfigFlags = { readonly [Flag in NonNullable<Setting<unknown>['flag']>]?: string | undefined };

/** A setting with the value that is used and where it comes from. */
export interface ResolvedSetting {
  readonly key: keyof Config;
  readonly setting: Setting<unknown>;
  readonly value: unknown;
  readonly source: 'flag' | 'environment' | 'file' | 'default';
}

/** @throws HoldfastError `invalid_configuration` that lists every problem at once. */
export function loadConfig(environment: Environment, flags: ConfigFlags): Config {
  const resolved = resolveSettings(environment, flags);
  return Object.fromEntries(resolved.map(({ key, value }) => [key, value])) as Config;
}

/** What `loadConfig` gives, with the source of each value. @throws as `loadConfig`. */
export function resolveSettings(environment: Environment, flags: ConfigFlags): readonly ResolvedSetting[] {
  const all: readonly Setting<unknown>[] = Object.values(SETTINGS);
  const problems: Problem[] = [...unknownNames(environment, all.flatMap(variableNames))];
  const secrets = readSecretFiles(environment, all);
  problems.push(...secrets.problems);
  const values = readEnvironment(
    environment,
    all.map(({ name }) => name),
  );
  const resolved = (Object.entries(SETTINGS) as [keyof Config, Setting<unknown>][]).map(([key, setting]) => {
    const found = rawValue(setting, { flags, values, files: secrets.values });
    const value = found === null ? setting.fallback : parse(setting, { ...found, problems });
    return { key, setting, value, source: found?.source ?? 'default' } as const;
  });
  problems.push(...modelProblems(resolved));
  if (problems.length > 0) throw invalidConfiguration(problems);
  return resolved;
}

interface Sources {
  readonly flags: ConfigFlags;
  readonly values: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, string>;
}

interface FoundValue {
  readonly raw: string;
  /** What people know it by. */
  readonly place: string;
  readonly source: Exclude<ResolvedSetting['source'], 'default'>;
}

/** A flag wins over the environment, and that over a file. */
function rawValue({ name, flag }: Setting<unknown>, { flags, values, files }: Sources): FoundValue | null {
  const given = flag === undefined ? undefined : flags[flag];
  if (given !== undefined) return { raw: given, place: `--${flag}`, source: 'flag' };
  const value = values.get(name);
  if (value !== undefined) return { raw: value, place: name, source: 'environment' };
  const content = files.get(name);
  return content === undefined ? null : { raw: content, place: fileVariable(name), source: 'file' };
}

interface RawValue {
  readonly raw: string;
  readonly place: string;
  readonly problems: Problem[];
}

function parse(setting: Setting<unknown>, { raw, place, problems }: RawValue): unknown {
  try {
    return setting.parse(raw);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    problems.push({ name: place, detail: error.message });
    return undefined;
  }
}

function invalidConfiguration(problems: readonly Problem[]): HoldfastError {
  const count = problems.length === 1 ? 'one setting is' : `${problems.length} settings are`;
  const lines = problems.map(({ name, detail }) => `${name} ${detail}`);
  return new HoldfastError('invalid_configuration', `${count} wrong: ${lines.join('; ')}`, { problems });
}
