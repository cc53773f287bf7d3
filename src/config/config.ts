import { HoldfastError, type Problem } from '../core/errors.ts';
import { readEnvironment, unknownNames, type Environment } from './env.ts';
import { InvalidValue, type Setting } from './setting.ts';
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
  readonly source: 'flag' | 'environment' | 'default';
}

/** @throws HoldfastError `invalid_configuration` that lists every problem at once. */
export function loadConfig(environment: Environment, flags: ConfigFlags): Config {
  const resolved = resolveSettings(environment, flags);
  return Object.fromEntries(resolved.map(({ key, value }) => [key, value])) as Config;
}

/** What `loadConfig` gives, with the source of each value. @throws as `loadConfig`. */
export function resolveSettings(environment: Environment, flags: ConfigFlags): readonly ResolvedSetting[] {
  const names = Object.values(SETTINGS).map((setting) => setting.name);
  const problems: Problem[] = [...unknownNames(environment, names)];
  const values = readEnvironment(environment, names);
  const resolved = (Object.entries(SETTINGS) as [keyof Config, Setting<unknown>][]).map(([key, setting]) => {
    const flag = setting.flag === undefined ? undefined : flags[setting.flag];
    const raw = flag ?? values.get(setting.name);
    const source = flag !== undefined ? 'flag' : raw !== undefined ? 'environment' : 'default';
    const place = source === 'flag' ? `--${setting.flag}` : setting.name;
    const value = raw === undefined ? setting.fallback : parse(setting, { raw, place, problems });
    return { key, setting, value, source } as const;
  });
  if (problems.length > 0) throw invalidConfiguration(problems);
  return resolved;
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
