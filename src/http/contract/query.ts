import { z } from 'zod';
import { collectionReferenceSchema } from './common.ts';
import { filterSchema } from './filter.ts';
import { DEFAULT_RESULTS, MAX_RESULTS, queryTextSchema, retrievalModeSchema } from './search.ts';

const messageSchema = z.strictObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.string().max(8_000),
});

/** Body of `POST /query`. */
export const queryRequestSchema = z.strictObject({
  query: queryTextSchema,
  collections: z
    .array(collectionReferenceSchema)
    .min(1)
    .max(100)
    .optional()
    .describe('All collections when it is left out.'),
  filter: filterSchema.optional(),
  top_k: z.int().min(1).max(MAX_RESULTS).default(DEFAULT_RESULTS),
  mode: z.enum(['answer', 'search']).default('answer'),
  retrieval_mode: retrievalModeSchema.default('hybrid'),
  distinct: z
    .boolean()
    .default(false)
    .describe('True: of documents that are near duplicates of each other only the best one counts.'),
  stream: z.boolean().optional().describe('Server-sent events instead of one JSON object.'),
  history: z
    .array(messageSchema)
    .max(50)
    .optional()
    .describe('The conversation before, oldest first: a follow-up question is made to stand alone with it.'),
  max_answer_chars: z.int().min(50).max(4_000).default(400),
});

export type QueryRequest = z.output<typeof queryRequestSchema>;
