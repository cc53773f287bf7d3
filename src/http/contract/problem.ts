import { z } from 'zod';
import { type ErrorCode, ERRORS } from '../../core/errors.ts';
import type { Immutable } from './common.ts';

export const errorCodeSchema = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

/** RFC 9457 problem details, the body of every error. */
export const problemSchema = z.object({
  type: z.string().describe('Where the code is explained.'),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe('Names the field and the bad value.'),
  instance: z.string().describe('The path of the request.'),
  code: errorCodeSchema,
  request_id: z.string(),
  advice: z.string().describe('What to do about it.'),
  problems: z.array(z.strictObject({ name: z.string(), detail: z.string() })).optional(),
});

export type WireProblem = Immutable<z.infer<typeof problemSchema>>;
