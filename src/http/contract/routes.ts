import { ANSWER_ROUTES } from './answer-routes.ts';
import { COLLECTION_ROUTES } from './collection-routes.ts';
import { DOCUMENT_ROUTES } from './document-routes.ts';
import { GENERATION_ROUTES } from './generation-routes.ts';
import { JOB_ROUTES } from './job-routes.ts';
import { OPERATION_ROUTES } from './operation-routes.ts';
import type { RouteContract } from './route.ts';
import { UPLOAD_ROUTES } from './upload-routes.ts';

/** Every endpoint of the server: a test holds the registered routes to this table. */
export const ROUTES: readonly RouteContract[] = [
  ...ANSWER_ROUTES,
  ...COLLECTION_ROUTES,
  ...GENERATION_ROUTES,
  ...DOCUMENT_ROUTES,
  ...UPLOAD_ROUTES,
  ...JOB_ROUTES,
  ...OPERATION_ROUTES,
];
