import { healthSchema, livenessSchema, readinessSchema } from './health.ts';
import { API, json, type RouteContract } from './route.ts';

/** What operators and machines ask. */
export const OPERATION_ROUTES: readonly RouteContract[] = [
  {
    id: 'getStatus',
    method: 'GET',
    path: `${API}/status`,
    summary: 'Show what works, per dependency',
    tag: 'operations',
    responses: { 200: json('The state, also when it is down', healthSchema) },
    errors: [],
  },
  {
    id: 'getHealth',
    method: 'GET',
    path: '/health',
    summary: 'Show what works; 503 when no answer is possible',
    tag: 'operations',
    responses: { 200: json('Works, perhaps degraded', healthSchema), 503: json('Down', healthSchema) },
    errors: [],
  },
  {
    id: 'getLiveness',
    method: 'GET',
    path: '/livez',
    summary: 'Say that the process lives',
    tag: 'operations',
    responses: { 200: json('Alive', livenessSchema) },
    errors: [],
  },
  {
    id: 'getReadiness',
    method: 'GET',
    path: '/readyz',
    summary: 'Say whether to send requests here',
    tag: 'operations',
    responses: { 200: json('Ready', readinessSchema), 503: json('Not ready', readinessSchema) },
    errors: [],
  },
  {
    id: 'getOpenApi',
    method: 'GET',
    path: '/openapi.json',
    summary: 'Get this document',
    tag: 'operations',
    responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': 'object' } } },
    errors: [],
  },
];
