import { z } from 'zod';
import { RETRIEVAL_MODES } from '../../core/retrieval/search.ts';
import {
  collectionReferenceSchema,
  type Immutable,
  integerParameter,
  linesSchema,
  repeatableParameter,
} from './common.ts';

const MAX_QUERY_CHARACTERS = 4_000;
export const MAX_RESULTS = 100;
export const DEFAULT_RESULTS = 10;

export const queryTextSchema = z
  .string({ error: 'Expected a text' })
  .trim()
  .min(1, { error: 'Expected at least one character' })
  .max(MAX_QUERY_CHARACTERS, { error: `Expected at most ${MAX_QUERY_CHARACTERS} characters` })
  .describe('The question or search words, 1 to 4,000 characters.');

export const retrievalModeSchema = z.enum(RETRIEVAL_MODES);

/** Parameters of `GET /search` besides `filter.<field>=value`. */
export const searchQuerySchema = z.strictObject({
  query: queryTextSchema.optional(),
  q: queryTextSchema.optional().describe('The same as `query`.'),
  collection: repeatableParameter(collectionReferenceSchema)
    .optional()
    .describe('May be repeated; all collections when it is left out.'),
  max_results: integerParameter(1, MAX_RESULTS).optional().describe('1 to 100, default 10.'),
  k: integerParameter(1, MAX_RESULTS).optional().describe('The same as `max_results`.'),
  retrieval_mode: retrievalModeSchema.optional(),
  distinct: z
    .enum(['true', 'false'])
    .optional()
    .describe('`true`: of documents that are near duplicates of each other only the best one is found.'),
  filter: z.string().max(65_536).optional().describe('A filter object as JSON text.'),
});

const located = {
  chunk_id: z.string(),
  document_id: z.string(),
  document_version: z.string(),
  collection: z.string(),
  title: z.string(),
  uri: z.string().nullable(),
  heading_path: z.array(z.string()).describe('Headings above the passage, outermost first.'),
  page: z.int().nullable(),
  lines: linesSchema,
  start: z.int().describe('First UTF-16 code unit of the passage in the stored text of the version.'),
  end: z.int().describe('Code unit after the last one.'),
};

export const searchResultSchema = z.strictObject({
  rank: z.int().min(1),
  ...located,
  text: z.string(),
  score: z.number().describe('Comparable within one response only.'),
});

export const citationSchema = z.strictObject({
  marker: z.int().min(1).describe('The number in brackets in the answer.'),
  ...located,
  quote: z.string().describe('Equals `text.slice(start, end)` of the version.'),
});

export const degradationSchema = z.strictObject({
  component: z.string(),
  mode: z.string().describe('What was done instead.'),
  reason: z.string(),
  since: z.string(),
});

const searchFields = {
  id: z.string(),
  query: z.string(),
  results: z.array(searchResultSchema),
  retrieval: z.strictObject({
    mode: z.enum([...RETRIEVAL_MODES, 'cache']).describe('What was really used.'),
    generation: z.string(),
    embedding_model: z
      .string()
      .nullable()
      .describe('The embedding model that served; null when words alone did.'),
  }),
  degraded: z.array(degradationSchema).describe('What is missing or second best in this response.'),
  timings_ms: z.record(z.string(), z.number()),
};

export const searchResponseSchema = z.strictObject(searchFields);

export const askResponseSchema = z.strictObject({
  ...searchFields,
  answer: z.strictObject({
    text: z.string(),
    mode: z.enum(['generated', 'extractive', 'none']),
    refused: z.boolean(),
    reason: z.enum(['no_results', 'not_answered', 'no_documents']).nullable(),
    unsupported: z
      .array(z.strictObject({ start: z.int(), end: z.int() }))
      .optional()
      .describe('Ranges of a generated text that no cited passage supports; left out when there are none.'),
  }),
  citations: z.array(citationSchema),
  cache: z.enum(['hit', 'miss', 'off']),
  staleness_seconds: z
    .int()
    .optional()
    .describe('Age of an answer that stands in for one that cannot be had now; left out otherwise.'),
});

export type WireSearchResult = Immutable<z.infer<typeof searchResultSchema>>;
export type WireCitation = Immutable<z.infer<typeof citationSchema>>;
export type WireDegradation = Immutable<z.infer<typeof degradationSchema>>;
export type WireSearch = Immutable<z.infer<typeof searchResponseSchema>>;
export type WireAsk = Immutable<z.infer<typeof askResponseSchema>>;
