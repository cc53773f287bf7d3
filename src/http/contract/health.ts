import { z } from 'zod';
import type { Immutable } from './common.ts';

export const healthSchema = z.strictObject({
  state: z
    .enum(['ok', 'degraded', 'down'])
    .describe('`ok`: everything works; `degraded`: answers go on without some part; `down`: no answers.'),
  version: z.string(),
  uptime_seconds: z.number(),
  dependencies: z.array(
    z.strictObject({
      name: z.string(),
      state: z.enum(['up', 'degraded', 'warming', 'misconfigured', 'down', 'disabled']),
      detail: z.string().nullable(),
    }),
  ),
  collections: z.int(),
  documents: z.int(),
  chunks: z.int(),
});

export const livenessSchema = z.strictObject({ alive: z.literal(true) });
export const readinessSchema = z.strictObject({
  ready: z.boolean(),
  state: z
    .enum(['ready', 'warming', 'stopping'])
    .describe('`warming`: questions are answered, without a model that is being loaded.'),
  reason: z.string().nullable(),
});

export type WireHealth = Immutable<z.infer<typeof healthSchema>>;
export type WireReadiness = Immutable<z.infer<typeof readinessSchema>>;
