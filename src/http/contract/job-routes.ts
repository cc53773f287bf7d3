import { jobDetailSchema, jobListQuerySchema, jobPageSchema, jobSchema, retriedSchema } from './job.ts';
import { API, COLLECTION, json, LOCATION, PAGE_ERRORS, type RouteContract, WRITE_ERRORS } from './route.ts';

const JOB = `${API}/jobs/{id}`;

function steering(action: 'cancel' | 'pause' | 'resume' | 'retry', summary: string): RouteContract {
  return {
    id: `${action}Job`,
    method: 'POST',
    path: `${JOB}/${action}`,
    summary,
    tag: 'jobs',
    responses: { 200: json('The job as it is now', jobSchema) },
    errors: ['job_not_found', ...WRITE_ERRORS],
  };
}

/** Work that goes on after its request. */
export const JOB_ROUTES: readonly RouteContract[] = [
  {
    id: 'listJobs',
    method: 'GET',
    path: `${API}/jobs`,
    summary: 'List jobs, the newest first',
    tag: 'jobs',
    query: jobListQuerySchema,
    responses: { 200: json('A page of jobs', jobPageSchema) },
    errors: PAGE_ERRORS,
  },
  {
    id: 'getJob',
    method: 'GET',
    path: JOB,
    summary: 'Get a job with its counts, its rate, an estimate of the rest, and what failed',
    tag: 'jobs',
    responses: { 200: json('The job', jobDetailSchema) },
    errors: ['job_not_found'],
  },
  {
    id: 'watchJob',
    method: 'GET',
    path: `${JOB}/events`,
    summary: 'Watch a job: an event `progress` after every change, and `final` at the end',
    tag: 'jobs',
    responses: {
      200: { description: 'Events whose data is the job', content: { 'text/event-stream': 'events' } },
    },
    errors: ['job_not_found'],
  },
  steering('cancel', 'End a job; what was taken in stays'),
  steering('pause', 'Begin no more items of a job'),
  steering('resume', 'Go on with a paused job'),
  steering('retry', 'Try the failed items of a job again'),
  {
    id: 'retryDocuments',
    method: 'POST',
    path: `${COLLECTION}/documents/retry`,
    summary: 'Try all failed documents of a collection again',
    tag: 'jobs',
    responses: { 202: { ...json('The new job', retriedSchema), headers: LOCATION } },
    errors: ['collection_not_found', ...WRITE_ERRORS],
  },
  {
    id: 'retryDocument',
    method: 'POST',
    path: `${COLLECTION}/documents/{id}/retry`,
    summary: 'Try a failed document again',
    tag: 'jobs',
    responses: {
      202: { ...json('The new job; null when it has not failed', retriedSchema), headers: LOCATION },
    },
    errors: ['collection_not_found', 'document_not_found', ...WRITE_ERRORS],
  },
];
