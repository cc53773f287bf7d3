import { z } from 'zod';
import type { MetadataScalar } from '../../core/documents/document.ts';
import type { FieldCondition, Filter } from '../../core/retrieval/filter.ts';
import { metadataScalarSchema } from './common.ts';
import { invalid, parse, shown } from './parse.ts';

export const MAX_FILTER_FIELDS = 32;
const MAX_VALUES = 1_000;

const valuesSchema = z.array(metadataScalarSchema).min(1).max(MAX_VALUES);
const boundSchema = z.union([z.string().max(8_192), z.number()]);
const rangeSchema = z
  .strictObject({
    gt: boundSchema.optional(),
    gte: boundSchema.optional(),
    lt: boundSchema.optional(),
    lte: boundSchema.optional(),
  })
  .refine((range) => Object.values(range).some((bound) => bound !== undefined), { abort: true });

const conditionSchema = z.union(
  [
    metadataScalarSchema,
    valuesSchema,
    z.strictObject({ any: valuesSchema }),
    z.strictObject({ prefix: z.string().max(8_192) }),
    rangeSchema,
  ],
  {
    error: `Expected a value, a list of 1 to ${MAX_VALUES} values, {"any": [...]}, {"gt"|"gte"|"lt"|"lte": bound} or {"prefix": "a/b"}`,
  },
);

/** `{"field": condition}`: every field must hold. */
export const filterSchema = z
  .record(z.string().min(1).max(256), conditionSchema)
  .refine((fields) => Object.keys(fields).length <= MAX_FILTER_FIELDS, {
    error: `Expected at most ${MAX_FILTER_FIELDS} fields`,
  })
  .refine((fields) => countValues(fields) <= MAX_VALUES, {
    error: `Expected at most ${MAX_VALUES} values in all`,
  })
  .describe(
    'Conditions on metadata; all must hold: {"field": value}, {"field": [a, b]} or {"field": {"any": [a, b]}}, {"field": {"gte": 1, "lt": 5}}, {"field": {"prefix": "a/b"}}.',
  );

type WireCondition = z.infer<typeof conditionSchema>;

/** The core filter of a parsed wire filter. */
export function toFilter(wire: z.infer<typeof filterSchema>): Filter {
  return Object.fromEntries(
    Object.entries(wire).map(([field, condition]) => [field, toCondition(condition)]),
  );
}

/** Parses a filter object. @throws HoldfastError `invalid_filter` with all problems. */
export function parseFilter(value: unknown): Filter {
  return toFilter(parse(z.strictObject({ filter: filterSchema }), { filter: value }).filter);
}

/** Parses a filter written as JSON text. @throws HoldfastError `invalid_filter`. */
export function parseFilterText(text: string): Filter {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid([{ name: 'filter', detail: `Expected a JSON object, got ${shown(text)}` }]);
  }
  return parseFilter(value);
}

/**
 * Equality as a URL can say it, where every value is text: a value that reads as a number or a boolean
 * matches both the text and the number or boolean. Several values match any of them.
 */
export function equalityCondition(values: readonly string[]): FieldCondition {
  const readings = values.flatMap((value): MetadataScalar[] => {
    if (value === 'true' || value === 'false') return [value, value === 'true'];
    return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value) ? [value, Number(value)] : [value];
  });
  const [only] = readings;
  return readings.length === 1 && only !== undefined
    ? { kind: 'equals', value: only }
    : { kind: 'any', values: readings };
}

function toCondition(wire: WireCondition): FieldCondition {
  if (typeof wire !== 'object') return { kind: 'equals', value: wire };
  if (Array.isArray(wire)) return { kind: 'any', values: wire };
  if ('any' in wire) return { kind: 'any', values: wire.any };
  if ('prefix' in wire) return { kind: 'prefix', prefix: wire.prefix };
  const { gt, gte, lt, lte } = wire;
  return {
    kind: 'range',
    ...(gt === undefined ? {} : { gt }),
    ...(gte === undefined ? {} : { gte }),
    ...(lt === undefined ? {} : { lt }),
    ...(lte === undefined ? {} : { lte }),
  };
}

function countValues(fields: Readonly<Record<string, WireCondition>>): number {
  let count = 0;
  for (const condition of Object.values(fields)) {
    if (Array.isArray(condition)) count += condition.length;
    else if (typeof condition === 'object' && 'any' in condition) count += condition.any.length;
    else count += 1;
  }
  return count;
}
