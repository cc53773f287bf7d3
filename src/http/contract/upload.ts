import { z } from 'zod';
import type { Immutable } from './common.ts';

/** Of the parts of an upload: plain, and as resumable uploads over HTTP have it. */
export const UPLOAD_MEDIA_TYPES = ['application/octet-stream', 'application/partial-upload'] as const;

export const sha256Schema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'Expected 64 hexadecimal digits in lower case' });

/** What is there of an upload. */
export const uploadStateSchema = z.strictObject({
  sha256: sha256Schema,
  offset: z.int().describe('Bytes that are there; the next part begins here.'),
  complete: z.boolean().describe('All of it is there, and documents can refer to it.'),
});

export type WireUpload = Immutable<z.infer<typeof uploadStateSchema>>;
