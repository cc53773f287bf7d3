import { z } from 'zod';
import { DOCUMENT_STATES, FORMATS, DOCUMENT_ORIGINS } from '../../core/documents/document.ts';
import { documentLanguageSchema } from './collection.ts';
import { type Immutable, metadataSchema, pageQuerySchema, pageSchema, timestampSchema } from './common.ts';
import { errorCodeSchema } from './problem.ts';
import { sha256Schema } from './upload.ts';

const titleSchema = z.string().max(1_000);
const uriSchema = z.string().max(4_096);

/** Body of `POST /collections/{name}/documents` as JSON. */
export const createDocumentSchema = z.strictObject({
  text: z.string().optional().describe('The content; or `sha256`.'),
  sha256: sha256Schema.optional().describe('The content, sent to `/uploads/{hash}` before.'),
  name: z
    .string()
    .min(1)
    .max(1_024)
    .optional()
    .describe('The file name of what `sha256` names; tells its format, and names the document.'),
  id: z
    .string()
    .min(1)
    .max(1_024)
    .optional()
    .describe('Names the document in its collection; the same id again replaces it.'),
  title: titleSchema.optional(),
  uri: uriSchema.optional(),
  format: z
    .enum(FORMATS)
    .exclude(['tika'])
    .optional()
    .describe('Taken from the extension of `uri`, else plain text.'),
  language: documentLanguageSchema.optional(),
  metadata: metadataSchema.optional(),
});

/** Fields of a multipart upload beside its files. */
export const uploadFieldsSchema = z.strictObject({
  title: titleSchema.optional(),
  uri: uriSchema.optional(),
  language: documentLanguageSchema.optional(),
  metadata: metadataSchema.optional(),
});

/** A multipart upload as the OpenAPI document shows it. */
export const uploadSchema = z.strictObject({
  file: z.array(z.string()).describe('One or several files.'),
  title: titleSchema.optional().describe('With one file only.'),
  uri: uriSchema.optional().describe('With one file only.'),
  language: documentLanguageSchema.optional(),
  metadata: z.string().optional().describe('A JSON object; applies to every file.'),
});

export const submitQuerySchema = z.strictObject({
  wait: z.enum(['true', 'false']).optional().describe('`true`: answer 201 once the document can be found.'),
});

export const documentListQuerySchema = pageQuerySchema.extend({ state: z.enum(DOCUMENT_STATES).optional() });

export const documentProblemSchema = z.strictObject({
  code: errorCodeSchema,
  reason: z.string(),
  advice: z.string().describe('What to do.'),
});

export const documentSchema = z.strictObject({
  id: z.string(),
  source_key: z.string(),
  origin: z.enum(DOCUMENT_ORIGINS),
  item: z.string().describe('The file or upload that holds the document.'),
  version: z.string().nullable().describe('The searchable version.'),
  state: z.enum(DOCUMENT_STATES),
  state_since: timestampSchema.describe('When it came into this state.'),
  tries: z.int().describe('How often it was begun to be taken in.'),
  problem: documentProblemSchema.nullable().describe('Why it failed or was skipped, or why it waits.'),
  title: z.string(),
  uri: z.string().nullable(),
  format: z.enum(FORMATS).nullable(),
  language: z.string().nullable(),
  metadata: metadataSchema,
  content_hash: z.string().nullable(),
  size_bytes: z.int(),
  chunk_count: z.int(),
  sequence: z.int(),
  created_at: timestampSchema,
  updated_at: timestampSchema,
});

export const documentPageSchema = pageSchema(documentSchema);

export const submittedSchema = z.strictObject({
  id: z.string(),
  version: z.string().nullable(),
  state: z.enum(DOCUMENT_STATES),
  job: z.string().describe('`GET /jobs/{id}` says how far it is.'),
});

/** What an upload of files or of records answers, in order. */
export const submittedListSchema = z.strictObject({
  job: z.string(),
  items: z.array(
    submittedSchema.extend({
      item: z.string(),
      title: z.string(),
      problem: documentProblemSchema.nullable(),
    }),
  ),
});

export type WireDocument = Immutable<z.infer<typeof documentSchema>>;
export type WireSubmitted = Immutable<z.infer<typeof submittedSchema>>;
export type WireSubmittedList = Immutable<z.infer<typeof submittedListSchema>>;
