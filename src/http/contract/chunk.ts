import { z } from 'zod';
import { type Immutable, linesSchema, pageSchema } from './common.ts';

export const chunkSchema = z.strictObject({
  chunk_id: z.string(),
  document_id: z.string(),
  document_version: z.string(),
  ordinal: z.int().min(0),
  title: z.string(),
  uri: z.string().nullable(),
  language: z.string().nullable(),
  heading_path: z.array(z.string()),
  page: z.int().nullable(),
  lines: linesSchema,
  start: z.int(),
  end: z.int(),
  text: z.string(),
});

export const chunkPageSchema = pageSchema(chunkSchema);

export type WireChunk = Immutable<z.infer<typeof chunkSchema>>;
