import { z } from 'zod';
import { languageSchema } from './collection.ts';
import type { Immutable } from './common.ts';
import { documentProblemSchema } from './document.ts';

const pathSchema = z.string().min(1).max(4_096);
const patternsSchema = z.array(z.string().min(1).max(1_000)).min(1).max(100);
const urlSchema = z.string().min(1).max(2_048);

/** Body of `POST /collections/{name}/ingest`. */
export const ingestRequestSchema = z.strictObject({
  paths: z
    .array(pathSchema)
    .min(1)
    .max(1000)
    .optional()
    .describe('Absolute paths of files and folders on the server. Folders are synced.'),
  within: pathSchema
    .optional()
    .describe(
      'The folder that `paths` are parts of: a path that is gone is removed, and the guard counts the whole folder.',
    ),
  include: patternsSchema
    .optional()
    .describe('Takes only files that one of these patterns names, with the rules of `.gitignore`.'),
  exclude: patternsSchema
    .optional()
    .describe('Leaves out what one of these patterns names, as if it were not there.'),
  git: z
    .array(pathSchema)
    .min(1)
    .max(100)
    .optional()
    .describe('Absolute paths of Git repositories on the server. What HEAD holds is synced.'),
  urls: z.array(urlSchema).min(1).max(1000).optional().describe('Pages of the web, one document each.'),
  sitemap: urlSchema.optional().describe('A sitemap whose pages are synced.'),
  crawl: urlSchema.optional().describe('A page; what it links to within its folder is synced.'),
  max_pages: z.int().min(1).optional().describe('Of a sitemap or crawl.'),
  max_depth: z.int().min(0).optional().describe('How many links a page of a crawl may be from its start.'),
  language: languageSchema
    .optional()
    .describe(
      'ISO 639-1 code for every document of this source; `auto` takes back one that was named before.',
    ),
  force: z.boolean().optional().describe('Deletes also more than 30 % of the documents of a folder.'),
  dry_run: z.boolean().optional().describe('Says what would be done, and does nothing.'),
});

/** Query of `POST /collections/{name}/ingest`. */
export const ingestQuerySchema = z.strictObject({
  wait: z.enum(['true', 'false']).optional().describe('`true`: answer 200 with the summary at the end.'),
});

const problemItemSchema = z.strictObject({ item: z.string(), problem: documentProblemSchema });

const fileCountsSchema = z.strictObject({
  found: z.int(),
  added: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  removed: z.int(),
  failed: z.int(),
  skipped: z.int(),
});

/** What `dry_run` answers. */
export const syncPlanSchema = z.strictObject({
  dry_run: z.literal(true),
  files: fileCountsSchema,
  removed: z.array(z.string()).describe('Items that would be removed.'),
  refusal: documentProblemSchema.nullable().describe('Why it would be refused.'),
});

export const ingestProgressSchema = z.strictObject({
  done: z.int(),
  found: z.int(),
  chunks: z.int(),
  failure: problemItemSchema.nullable(),
});

export const ingestSummarySchema = z.strictObject({
  files: fileCountsSchema,
  documents: z.int(),
  chunks: z.int(),
  bytes: z.int(),
  elapsed_ms: z.number(),
  failures: z.array(problemItemSchema),
  skipped: z.array(problemItemSchema),
});

export type WireIngestRequest = Immutable<z.infer<typeof ingestRequestSchema>>;
export type WireIngestProgress = Immutable<z.infer<typeof ingestProgressSchema>>;
export type WireIngestSummary = Immutable<z.infer<typeof ingestSummarySchema>>;
export type WireSyncPlan = Immutable<z.infer<typeof syncPlanSchema>>;
