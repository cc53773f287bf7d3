import { generationListSchema, generationSchema, reindexSchema, reindexStartedSchema } from './generation.ts';
import {
  BODY_ERRORS,
  COLLECTION,
  json,
  LOCATION,
  NOTHING,
  type RouteContract,
  WRITE_ERRORS,
} from './route.ts';

const ALL = `${COLLECTION}/generations`;
const ONE = `${ALL}/{id}`;
const MISSING = ['collection_not_found', 'generation_not_found'] as const;

/** Generations of a collection. */
export const GENERATION_ROUTES: readonly RouteContract[] = [
  {
    id: 'listGenerations',
    method: 'GET',
    path: ALL,
    summary: 'List the generations of a collection',
    tag: 'collections',
    responses: { 200: json('None when there never was another one', generationListSchema) },
    errors: ['collection_not_found'],
  },
  {
    id: 'createGeneration',
    method: 'POST',
    path: ALL,
    summary: 'Start to fill another generation beside the live one',
    tag: 'collections',
    body: { 'application/json': reindexSchema },
    responses: { 202: { ...json('It is being filled', reindexStartedSchema), headers: LOCATION } },
    errors: [
      ...BODY_ERRORS,
      ...WRITE_ERRORS,
      'collection_not_found',
      'document_not_found',
      'generation_exists',
      'generation_does_not_fit',
    ],
  },
  {
    id: 'getGeneration',
    method: 'GET',
    path: ONE,
    summary: 'Get a generation with its progress and its comparison',
    tag: 'collections',
    responses: { 200: json('The generation', generationSchema) },
    errors: MISSING,
  },
  {
    id: 'activateGeneration',
    method: 'POST',
    path: `${ONE}/activate`,
    summary: 'Make a generation the live one',
    tag: 'collections',
    responses: { 200: json('The live generation', generationSchema) },
    errors: [...MISSING, ...WRITE_ERRORS, 'generation_not_ready'],
  },
  {
    id: 'rollBackCollection',
    method: 'POST',
    path: `${COLLECTION}/rollback`,
    summary: 'Make the generation live that was live before',
    tag: 'collections',
    responses: { 200: json('The live generation', generationSchema) },
    errors: [...MISSING, ...WRITE_ERRORS, 'generation_not_ready'],
  },
  {
    id: 'deleteGeneration',
    method: 'DELETE',
    path: ONE,
    summary: 'Delete a generation that is not live',
    tag: 'collections',
    responses: { 204: NOTHING },
    errors: [...MISSING, ...WRITE_ERRORS, 'generation_serves'],
  },
];
