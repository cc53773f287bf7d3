import { z } from 'zod';

/** The same type with every property and list read-only: how wire objects travel through the code. */
export type Immutable<T> = T extends (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;

export const metadataScalarSchema = z.union([z.string().max(8_192), z.number(), z.boolean()]);

/** Flat metadata of a document: at most 64 fields. */
export const metadataSchema = z
  .record(
    z.string().min(1).max(256),
    z.union([metadataScalarSchema, z.array(metadataScalarSchema).max(1_000)], {
      error: 'Expected a text, a number, a boolean or a list of those',
    }),
  )
  .refine((fields) => Object.keys(fields).length <= 64, { error: 'Expected at most 64 fields' })
  .describe('Flat, filterable facts: field -> text, number, boolean, or a list of those.');

/** Where a part of a text or of source code stands in its file. */
export const linesSchema = z
  .strictObject({ start: z.int().min(1), end: z.int().min(1) })
  .nullable()
  .describe('First and last line in the file, from 1; null for formats in which lines mean nothing.');

export const timestampSchema = z.string().describe('ISO 8601 time in UTC.');

/** A list response: `{ items, next_cursor }`. */
export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    items: z.array(item),
    next_cursor: z.string().nullable().describe('Cursor of the next page; null on the last one.'),
  });
}

/** A whole number in a query string, for example `limit=20`. */
export function integerParameter(minimum: number, maximum: number) {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value),
    z.int().min(minimum).max(maximum),
  );
}

/** A parameter that may be repeated: always a list after parsing. */
export function repeatableParameter<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(item).min(1).max(100),
  );
}

export const pageQuerySchema = z.strictObject({
  limit: integerParameter(1, 1_000).default(50).describe('Items per page, 1 to 1,000.'),
  cursor: z.string().min(1).max(2_048).optional().describe('`next_cursor` of the page before.'),
});

/** Names of collections in requests are checked where they are looked up; here only their size. */
export const collectionReferenceSchema = z.string().min(1).max(256);
