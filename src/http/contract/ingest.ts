import { z } from 'zod';
import type { Immutable } from './common.ts';
import { documentProblemSchema } from './document.ts';

/** Body of `POST /collections/{name}/ingest`. */
export const ingestRequestSchema = z.strictObject({
  paths: z
    .array(z.string().min(1).max(4_096))
    .min(1)
    .max(100)
    .describe('Absolute paths of files and folders on the server. Folders are synced.'),
});

const problemItemSchema = z.strictObject({ item: z.string(), problem: documentProblemSchema });

export const ingestProgressSchema = z.strictObject({
  done: z.int(),
  found: z.int(),
  chunks: z.int(),
  failure: problemItemSchema.nullable(),
});

export const ingestSummarySchema = z.strictObject({
  files: z.strictObject({
    found: z.int(),
    added: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    removed: z.int(),
    failed: z.int(),
    skipped: z.int(),
  }),
  documents: z.int(),
  chunks: z.int(),
  bytes: z.int(),
  elapsed_ms: z.number(),
  failures: z.array(problemItemSchema),
  skipped: z.array(problemItemSchema),
});

export type WireIngestProgress = Immutable<z.infer<typeof ingestProgressSchema>>;
export type WireIngestSummary = Immutable<z.infer<typeof ingestSummarySchema>>;
