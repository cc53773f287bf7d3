import type { z } from 'zod';
import { type ErrorCode, HoldfastError, type Problem } from '../../core/errors.ts';

/** Fields with a code of their own; any other field, or several kinds at once, is `invalid_request`. */
const FIELD_CODES: Readonly<Record<string, ErrorCode>> = {
  query: 'invalid_query',
  q: 'invalid_query',
  filter: 'invalid_filter',
  cursor: 'invalid_cursor',
};

/** Longest piece of a bad value that a message repeats. */
const SHOWN_CHARACTERS = 80;

/**
 * Parses with a schema of the contract, as HTTP requests and the command line do.
 * @throws HoldfastError `invalid_query`, `invalid_filter`, `invalid_cursor` or `invalid_request` with all problems.
 */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  root = 'body',
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(result.error.issues.flatMap((issue) => describeIssue(issue, value, root)));
}

/** The error that names all of the problems; its code follows from the fields. */
export function invalid(problems: readonly Problem[]): HoldfastError {
  const codes = new Set(problems.map((problem) => FIELD_CODES[topField(problem.name)] ?? 'invalid_request'));
  const [first] = codes;
  const code = codes.size === 1 && first !== undefined ? first : 'invalid_request';
  return new HoldfastError(
    code,
    problems.map((problem) => `${problem.name}: ${problem.detail}`).join('; ') || 'The request is not valid',
    { problems },
  );
}

/** A value as error messages repeat it: short, on one line, whatever its size and depth. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(outline(value, 3)) ?? typeof value;
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}

/** The outer levels and first members of a value. */
function outline(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.slice(0, SHOWN_CHARACTERS);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.slice(0, 10).map((member) => outline(member, depth - 1));
  const members = Object.entries(value).slice(0, 10);
  return Object.fromEntries(members.map(([key, member]) => [clip(key), outline(member, depth - 1)]));
}

function topField(name: string): string {
  return name.split(/[.[]/, 1)[0] ?? name;
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown, root: string): Problem[] {
  const place = pathName(issue.path) || root;
  if (issue.code === 'unrecognized_keys') {
    const prefix = issue.path.length === 0 ? '' : `${place}.`;
    return issue.keys.map((key) => ({ name: `${prefix}${clip(key)}`, detail: 'Unknown field' }));
  }
  return [{ name: place, detail: `${expectation(issue)}, got ${describeValue(valueAt(value, issue.path))}` }];
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid input')) return issue.message;
  return `Expected ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
}

function describeValue(value: unknown): string {
  if (typeof value === 'string' && value.length > SHOWN_CHARACTERS) {
    return `${value.length} characters: ${shown(value)}`;
  }
  return shown(value);
}

function clip(key: string): string {
  return key.length <= SHOWN_CHARACTERS ? key : `${key.slice(0, SHOWN_CHARACTERS)}…`;
}

function pathName(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${clip(String(part))}`,
    )
    .join('');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Object.getOwnPropertyDescriptor(current, part)?.value;
  }
  return current;
}
