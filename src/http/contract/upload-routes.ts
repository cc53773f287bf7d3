import { API, NOTHING, json, type RouteContract, WRITE_ERRORS } from './route.ts';
import { UPLOAD_MEDIA_TYPES, uploadStateSchema } from './upload.ts';

const UPLOAD = `${API}/uploads/{hash}`;
const OFFSET = { 'Upload-Offset': 'Bytes that are there.' };

/** Contents that are sent in parts before a document refers to them. */
export const UPLOAD_ROUTES: readonly RouteContract[] = [
  {
    id: 'getUpload',
    method: 'GET',
    path: UPLOAD,
    summary: 'Get how much of a content is there; also as HEAD',
    tag: 'documents',
    responses: { 200: { ...json('What is there', uploadStateSchema), headers: OFFSET } },
    errors: ['upload_not_found', 'storage_failed'],
  },
  {
    id: 'appendUpload',
    method: 'PATCH',
    path: UPLOAD,
    summary: 'Send a content, or its next part',
    tag: 'documents',
    headers: {
      'Upload-Offset': 'Where the part begins: the number of bytes that are there.',
      'Upload-Length': 'Bytes of the whole content.',
    },
    body: Object.fromEntries(UPLOAD_MEDIA_TYPES.map((type) => [type, 'bytes' as const])),
    responses: { 200: { ...json('What is there now', uploadStateSchema), headers: OFFSET } },
    errors: [
      ...WRITE_ERRORS,
      'unsupported_media_type',
      'upload_too_large',
      'upload_offset_mismatch',
      'upload_hash_mismatch',
    ],
  },
  {
    id: 'deleteUpload',
    method: 'DELETE',
    path: UPLOAD,
    summary: 'Remove what was sent and no document has',
    tag: 'documents',
    responses: { 204: NOTHING },
    errors: ['storage_failed'],
  },
];
