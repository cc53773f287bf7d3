import { delimiter, resolve } from 'node:path';
import { isCollectionName, type CollectionName } from '../core/documents/ids.ts';
import { readAllowedPlace, type AllowedPlace } from '../lib/allowed-place.ts';
import { Secret } from '../lib/secret.ts';

/** One setting: where its value comes from, what it may be, and what people read about it. */
export interface Setting<T> {
  /** Environment variable. */
  readonly name: `HOLDFAST_${string}`;
  /** Command line flag without its dashes that overrides the variable. */
  readonly flag?: 'data' | 'host' | 'port';
  /** What values are allowed, in words. */
  readonly type: string;
  /** What stands when it is not set, as a person would write it. */
  readonly default: string;
  /** One sentence. */
  readonly description: string;
  /** @throws InvalidValue with what is expected. */
  readonly parse: (raw: string) => T;
  /** The value when it is not set. */
  readonly fallback: T;
  /** Never shown. May also be given as a file, in the variable with `_FILE` at its end. */
  readonly isSecret?: true;
}

/** The environment variables that give a setting its value. */
export function variableNames({ name, isSecret }: Setting<unknown>): readonly string[] {
  return isSecret === true ? [name, fileVariable(name)] : [name];
}

/** The variable that names the file with a secret. */
export function fileVariable(name: string): string {
  return `${name}_FILE`;
}

/** A value that a setting does not take; the message says what it expects. */
export class InvalidValue extends Error {}

type Head = Pick<Setting<unknown>, 'name' | 'flag' | 'description'>;
type Range = { readonly min: number; readonly max: number };

/** Any text that `check` lets through; `check` throws `InvalidValue`. */
export function text(
  head: Head & { readonly default: string; readonly type: string },
  check: (raw: string) => void,
): Setting<string> {
  const parse = (raw: string): string => {
    check(raw);
    return raw;
  };
  return { ...head, parse, fallback: head.default };
}

/** Any text, or undefined when it is not set. */
export function optionalText(head: Head & { readonly type: string }): Setting<string | undefined> {
  return { ...head, default: 'none', parse: (raw) => raw, fallback: undefined };
}

/** A key or password. */
export function secret(head: Head): Setting<Secret | undefined> {
  const type = 'text, or a file by the same name with `_FILE` at its end';
  return { ...head, type, default: 'none', parse: toSecret, fallback: undefined, isSecret: true };
}

function toSecret(raw: string): Secret {
  if (/[^\x21-\x7e]/.test(raw))
    throw new InvalidValue('holds a space, a line break or another character that no key has');
  return new Secret(raw);
}

/** The address of a server: `http` or `https`, without user, query and a slash at its end. */
export function url<const T extends string | undefined>(
  head: Head & { readonly default: T },
): Setting<string | T> {
  return {
    ...head,
    type: 'http or https address',
    default: head.default ?? 'none',
    parse: address,
    fallback: head.default,
  };
}

function address(raw: string): string {
  const parsed = URL.parse(raw);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new InvalidValue(`is "${raw}", expected an address such as http://127.0.0.1:11434`);
  if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '')
    throw new InvalidValue('holds a user, a password or a query: give keys in the setting for the key');
  return parsed.href.replace(/\/+$/, '');
}

/** An adapter: one of a few words, or a package of the AI SDK. */
export function adapter<const T extends string>(
  head: Head & { readonly default: NoInfer<T> },
  values: readonly T[],
): Setting<T | AiSdkPackage> {
  const words = choice(head, values);
  const parse = (raw: string): T | AiSdkPackage => {
    if (isAiSdkPackage(raw)) return raw;
    const found = values.find((value) => value === raw);
    if (found !== undefined) return found;
    const expected = raw.startsWith('ai-sdk')
      ? 'the name of a package, such as ai-sdk:@ai-sdk/mistral'
      : `one of ${values.join(', ')} or ai-sdk:<package>`;
    throw new InvalidValue(`is "${raw}", expected ${expected}`);
  };
  return { ...words, type: `${words.type}, \`ai-sdk:<package>\``, parse };
}

/** An installed package that implements the provider interface of the AI SDK. */
export type AiSdkPackage = `ai-sdk:${string}`;

function isAiSdkPackage(raw: string): raw is AiSdkPackage {
  return /^ai-sdk:(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(raw);
}

/** One of a few words. */
export function choice<const T extends string>(
  head: Head & { readonly default: NoInfer<T> },
  values: readonly T[],
): Setting<T> {
  const type = values.map((value) => `\`${value}\``).join(', ');
  const parse = (raw: string): T => {
    const found = values.find((value) => value === raw);
    if (found === undefined) throw new InvalidValue(`is "${raw}", expected one of ${values.join(', ')}`);
    return found;
  };
  return { ...head, type, parse, fallback: head.default };
}

/** A file or folder; relative ones are taken from the working folder. */
export function path(head: Head & { readonly default: string }): Setting<string> {
  return {
    ...head,
    type: 'path',
    parse: (raw) => resolve(raw),
    get fallback() {
      return resolve(head.default);
    },
  };
}

/** Several folders, separated as in PATH. */
export function paths(head: Head): Setting<readonly string[]> {
  const type = 'paths separated by `:` (`;` on Windows)';
  return { ...head, type, default: 'none', parse: splitPaths, fallback: [] };
}

function splitPaths(raw: string): readonly string[] {
  const parts = raw.split(delimiter).map((part) => part.trim());
  return parts.filter((part) => part !== '').map((part) => resolve(part));
}

/** A folder that a collection is kept in line with. */
export interface Watch {
  readonly collection: CollectionName;
  /** Absolute. */
  readonly folder: string;
}

/** Collections and their folders. */
export function watches(head: Head): Setting<readonly Watch[]> {
  const type = '`collection=folder`, several separated by `:` (`;` on Windows)';
  return { ...head, type, default: 'none', parse: splitWatches, fallback: [] };
}

function splitWatches(raw: string): readonly Watch[] {
  const entries = raw.split(delimiter).map((entry) => entry.trim());
  return entries.flatMap((entry) => {
    if (entry === '') return [];
    const [, collection = '', folder = ''] = /^([^=]*)=(.+)$/s.exec(entry) ?? [];
    if (!isCollectionName(collection))
      throw new InvalidValue(`holds "${entry}", expected entries such as handbook=/srv/handbook`);
    return { collection, folder: resolve(folder) };
  });
}

/** Hosts and networks, separated by commas or spaces. */
export function places(head: Head): Setting<readonly AllowedPlace[]> {
  const type = 'hosts (`*.` for all below a domain), addresses and networks, each also with `:port`';
  return { ...head, type, default: 'none', parse: splitPlaces, fallback: [] };
}

function splitPlaces(raw: string): readonly AllowedPlace[] {
  const entries = raw.split(/[\s,]+/).filter((entry) => entry !== '');
  return entries.map((entry) => {
    const place = readAllowedPlace(entry);
    if (place === null)
      throw new InvalidValue(`holds "${entry}", expected entries such as wiki.example or 10.0.0.0/8`);
    return place;
  });
}

/** A whole number in a range. */
export function integer(head: Head & Range & { readonly default: number }): Setting<number> {
  return {
    ...setting(head),
    type: `whole number, ${grouped(head.min)} to ${grouped(head.max)}`,
    default: String(head.default),
    parse: (raw) => inRange(/^\d+$/.test(raw) ? Number(raw) : NaN, raw, head),
    fallback: head.default,
  };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** A number of bytes, plain or with a unit: `1048576`, `1024 KiB`, `1 MiB`. */
export function bytes(head: Head & Range & { readonly default: string }): Setting<number> {
  const parse = (raw: string): number => {
    const match = /^(\d+)\s*(|KiB|MiB|GiB)$/.exec(raw);
    return inRange(Number(match?.[1] ?? NaN) * (UNITS[match?.[2] ?? ''] ?? NaN), raw, head);
  };
  return {
    ...setting(head),
    type: 'bytes, or a number with KiB, MiB or GiB',
    default: head.default,
    parse,
    fallback: parse(head.default),
  };
}

/** A whole number in a range, or undefined when it is not set. */
export function optionalInteger(
  head: Head & Range & { readonly default: string },
): Setting<number | undefined> {
  return { ...integer({ ...head, default: head.min }), default: head.default, fallback: undefined };
}

/** A decimal number that overrides a measured constant; undefined keeps the built-in one. */
export function override(head: Head & Range): Setting<number | undefined> {
  return {
    ...setting(head),
    type: `number, ${head.min} to ${head.max}`,
    default: 'built in',
    parse: (raw) => inRange(/^\d+(\.\d+)?$/.test(raw) ? Number(raw) : NaN, raw, head),
    fallback: undefined,
  };
}

function setting({ name, flag, description }: Head): Head {
  return { name, description, ...(flag === undefined ? {} : { flag }) };
}

function inRange(value: number, raw: string, { min, max }: Range): number {
  if (!(value >= min && value <= max)) {
    throw new InvalidValue(`is "${raw}", expected a number from ${grouped(min)} to ${grouped(max)}`);
  }
  return value;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
