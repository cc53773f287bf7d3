import { delimiter, resolve } from 'node:path';

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
