import { z } from 'zod';
import { isCollectionName } from '../../core/documents/ids.ts';
import { type Immutable, pageSchema, timestampSchema } from './common.ts';

export const languageSchema = z
  .string()
  .regex(/^(auto|[a-z]{2})$/, { error: 'Expected an ISO 639-1 code such as "en", or "auto"' })
  .describe('ISO 639-1 code for every document, or `auto`.');
/** Of a single document. */
export const documentLanguageSchema = z
  .string()
  .regex(/^[a-z]{2}$/, { error: 'Expected an ISO 639-1 code such as "en"' })
  .describe('ISO 639-1; wins over the language of the collection and what the document says.');
const descriptionSchema = z.string().max(2_000);

export const createCollectionSchema = z.strictObject({
  name: z
    .string()
    .refine(isCollectionName, {
      error: 'Expected 1 to 64 characters of a-z, 0-9, "-", "_" and ".", starting with a letter or digit',
    })
    .describe('1 to 64 characters of a-z, 0-9, `-`, `_`, `.`, starting with a letter or digit.'),
  description: descriptionSchema.optional(),
  language: languageSchema.optional(),
});

export const updateCollectionSchema = z
  .strictObject({ description: descriptionSchema.optional(), language: languageSchema.optional() })
  .refine((body) => Object.keys(body).length > 0, { error: 'Expected `description` or `language`' });

export const collectionSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  language: z.string(),
  generation: z.string(),
  created_at: timestampSchema,
  stats: z.strictObject({
    documents: z.strictObject({
      total: z.int(),
      ready: z.int(),
      failed: z.int(),
      skipped: z.int(),
      pending: z.int(),
    }),
    chunks: z.int(),
    size_bytes: z.int(),
    sequence: z.int().describe('Grows with every change in the collection.'),
  }),
});

export const collectionPageSchema = pageSchema(collectionSchema);

export type WireCollection = Immutable<z.infer<typeof collectionSchema>>;
