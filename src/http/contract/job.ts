import { z } from 'zod';
import { JOB_STATES } from '../../core/ingest/job.ts';
import { type Immutable, pageQuerySchema, pageSchema, timestampSchema } from './common.ts';
import { documentProblemSchema } from './document.ts';

export const jobListQuerySchema = pageQuerySchema.extend({ state: z.enum(JOB_STATES).optional() });

const countsSchema = z.strictObject({
  found: z.int().describe('Items seen so far.'),
  queued: z.int(),
  working: z.int(),
  added: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  removed: z.int(),
  failed: z.int(),
  skipped: z.int(),
  superseded: z.int().describe('A newer version came first.'),
  cancelled: z.int(),
  documents: z.int(),
  chunks: z.int(),
  bytes: z.int(),
});

export const jobSchema = z.strictObject({
  id: z.string(),
  collection: z.string(),
  kind: z.enum(['upload', 'sync', 'retry']),
  state: z.enum(JOB_STATES).describe('`done`: every item has ended, also when some failed.'),
  counts: countsSchema,
  listing: z.boolean().describe('The source is still being listed: `found` grows.'),
  items_per_second: z.number().nullable().describe('Mean since it started; null before.'),
  chunks_per_second: z.number().nullable(),
  remaining_seconds: z.number().nullable().describe('Estimate; null when there is nothing to base it on.'),
  problem: documentProblemSchema.nullable().describe('Why it failed, or what it waits for.'),
  created_at: timestampSchema,
  started_at: timestampSchema.nullable(),
  finished_at: timestampSchema.nullable(),
});

export const jobPageSchema = pageSchema(jobSchema);

/** A job with the documents that failed. */
export const jobDetailSchema = jobSchema.extend({
  failures: z.array(z.strictObject({ item: z.string(), problem: documentProblemSchema })),
});

/** What a retry of all failed documents of a collection answers. */
export const retriedSchema = z.strictObject({
  job: jobSchema.nullable().describe('Null: no document has failed.'),
});

export type WireJob = Immutable<z.infer<typeof jobSchema>>;
export type WireJobDetail = Immutable<z.infer<typeof jobDetailSchema>>;
export type WireRetried = Immutable<z.infer<typeof retriedSchema>>;
