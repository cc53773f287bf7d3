import { API, BODY_ERRORS, json, type RouteContract } from './route.ts';
import { queryRequestSchema } from './query.ts';
import { askResponseSchema, searchQuerySchema, searchResponseSchema } from './search.ts';

const DEADLINE = {
  'X-Request-Deadline-Ms':
    'Milliseconds that the response may take: default 10,000 for an answer and 2,000 for a search, at most 60,000.',
};
const DEGRADED = {
  'X-Degraded': 'Parts that are missing: `component=mode, ...`; no header when nothing is.',
};
const QUERY_ERRORS = [
  'invalid_query',
  'invalid_filter',
  'collection_not_found',
  'deadline_exceeded',
] as const;

/** Questions and searches. */
export const ANSWER_ROUTES: readonly RouteContract[] = [
  {
    id: 'query',
    method: 'POST',
    path: `${API}/query`,
    summary: 'Answer a question with citations',
    tag: 'answers',
    headers: DEADLINE,
    body: { 'application/json': queryRequestSchema },
    responses: {
      200: {
        description:
          'The answer; search results for mode "search". With `stream: true` or `Accept: text/event-stream` the events `retrieval`, `delta`, `citation`, `degraded`, `final` and `error`.',
        content: {
          'application/json': [askResponseSchema, searchResponseSchema],
          'text/event-stream': 'events',
        },
        headers: DEGRADED,
      },
    },
    errors: [...BODY_ERRORS, ...QUERY_ERRORS],
  },
  {
    id: 'search',
    method: 'GET',
    path: `${API}/search`,
    summary: 'Search without an answer; `filter.<field>=value` adds an equality',
    tag: 'answers',
    headers: DEADLINE,
    query: searchQuerySchema,
    responses: { 200: { ...json('The results', searchResponseSchema), headers: DEGRADED } },
    errors: ['invalid_request', ...QUERY_ERRORS],
  },
];
