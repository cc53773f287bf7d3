import { z } from 'zod';
import { BREAKER_HOLDS } from '../../core/breakers.ts';
import type { Immutable } from './common.ts';

export const breakerSchema = z.strictObject({
  name: z.string(),
  state: z.enum(['closed', 'open', 'half_open', 'forced_open', 'disabled']),
  mode: z.enum(BREAKER_HOLDS).describe('`auto`: its own rules; otherwise an operator holds it.'),
  since: z.string(),
  retry_after_seconds: z.int().describe('Until a call may go through; 0 when it may now.'),
  reason: z.string().nullable().describe('Why the state began; null since the start.'),
  window: z.strictObject({ completed: z.int(), failed: z.int(), slow: z.int() }),
  totals: z
    .strictObject({
      successes: z.int(),
      failures: z.int(),
      ignored: z.int(),
      pushbacks: z.int(),
      slow: z.int(),
      rejected: z.int(),
      opened: z.int(),
    })
    .describe('Since the process began.'),
});

export const breakersSchema = z.strictObject({ items: z.array(breakerSchema) });
export const holdBreakerSchema = z.strictObject({ mode: z.enum(BREAKER_HOLDS) });

export type WireBreaker = Immutable<z.infer<typeof breakerSchema>>;
export type WireBreakers = Immutable<z.infer<typeof breakersSchema>>;
