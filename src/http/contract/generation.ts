import { z } from 'zod';
import { languageSchema } from './collection.ts';
import { type Immutable, timestampSchema } from './common.ts';

export const reindexSchema = z.strictObject({
  chunk_tokens: z
    .int()
    .min(32)
    .max(2000)
    .optional()
    .describe('Target size of passages in word pieces; left out: as now.'),
  language: languageSchema.optional(),
  embedder: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      '`static`: the built-in model alone; `none`: words alone; the name of the embedding model of the server, or `server`: as the server is set. Left out: as now.',
    ),
  questions: z
    .array(
      z.strictObject({
        question: z.string().trim().min(1).max(4000),
        documents: z
          .array(z.string().min(1).max(4096))
          .min(1)
          .max(100)
          .describe('Ids or keys of the documents that answer it.'),
      }),
    )
    .max(1000)
    .optional()
    .describe('What both generations are compared on; left out: sentences of the documents.'),
});

const qualitySchema = z.strictObject({
  hits_at_1: z.number(),
  hits_at_10: z.number(),
  reciprocal_rank: z.number(),
});

export const generationSchema = z.strictObject({
  id: z.string(),
  state: z.enum(['filling', 'ready', 'live', 'previous']),
  generation: z.string().describe('What it is built with, as answers name it.'),
  language: z.string(),
  chunk_tokens: z.int().nullable().describe('null: as the server is set.'),
  embedder: z.enum(['static', 'none']).nullable().describe('null: as the server is set.'),
  documents: z.strictObject({ done: z.int(), total: z.int(), failed: z.int() }),
  chunks: z.int(),
  kept_until: timestampSchema.nullable().describe('Of one that has served: when it is deleted.'),
  report: z
    .strictObject({
      kind: z.enum(['judged', 'sampled']),
      questions: z.int(),
      live: qualitySchema,
      candidate: qualitySchema,
    })
    .nullable()
    .describe('The live generation and this one on the same questions, when it became ready.'),
  problem: z.string().nullable(),
});

export const reindexStartedSchema = generationSchema.extend({
  estimate: z.strictObject({ chunks: z.int(), disk_bytes: z.int(), memory_bytes: z.int() }),
});

export const generationListSchema = z.strictObject({ items: z.array(generationSchema) });

export type WireGeneration = Immutable<z.infer<typeof generationSchema>>;
export type WireReindexStarted = Immutable<z.infer<typeof reindexStartedSchema>>;
