import { z } from 'zod';
import type { Immutable } from './common.ts';

const memberSchema = z.strictObject({
  id: z.string(),
  source_key: z.string(),
  title: z.string(),
  uri: z.string().nullable(),
  size_bytes: z.int(),
  similarity: z
    .number()
    .min(0)
    .max(1)
    .describe('Estimated share of the runs of five words that it has in common with the first document.'),
});

export const duplicateGroupSchema = z.strictObject({
  size: z.int().min(2).describe('How many documents belong to the group.'),
  documents: z
    .array(memberSchema)
    .max(100)
    .describe('The one whose text was stored first, then the most similar ones, up to 100 in all.'),
});

export const duplicatePageSchema = z.strictObject({
  items: z.array(duplicateGroupSchema),
  next_cursor: z.string().nullable().describe('Cursor of the next page; null on the last one.'),
  compared: z.int().describe('Searchable documents with words that were compared.'),
  complete: z.boolean().describe('False: the collection has more documents than are compared, 200,000.'),
});

export type WireDuplicateGroup = Immutable<z.infer<typeof duplicateGroupSchema>>;
export type WireDuplicates = Immutable<z.infer<typeof duplicatePageSchema>>;
