import {
  collectionPageSchema,
  collectionSchema,
  createCollectionSchema,
  updateCollectionSchema,
} from './collection.ts';
import { pageQuerySchema } from './common.ts';
import {
  API,
  BODY_ERRORS,
  COLLECTION,
  json,
  LOCATION,
  NOTHING,
  PAGE_ERRORS,
  type RouteContract,
  WRITE_ERRORS,
} from './route.ts';

/** Collections. */
export const COLLECTION_ROUTES: readonly RouteContract[] = [
  {
    id: 'listCollections',
    method: 'GET',
    path: `${API}/collections`,
    summary: 'List collections by name',
    tag: 'collections',
    query: pageQuerySchema,
    responses: { 200: json('A page of collections', collectionPageSchema) },
    errors: PAGE_ERRORS,
  },
  {
    id: 'createCollection',
    method: 'POST',
    path: `${API}/collections`,
    summary: 'Create a collection',
    tag: 'collections',
    body: { 'application/json': createCollectionSchema },
    responses: { 201: { ...json('The new collection', collectionSchema), headers: LOCATION } },
    errors: [...BODY_ERRORS, ...WRITE_ERRORS, 'collection_exists'],
  },
  {
    id: 'getCollection',
    method: 'GET',
    path: COLLECTION,
    summary: 'Get a collection with its counts',
    tag: 'collections',
    responses: { 200: json('The collection', collectionSchema) },
    errors: ['collection_not_found'],
  },
  {
    id: 'updateCollection',
    method: 'PATCH',
    path: COLLECTION,
    summary: 'Change the settings of a collection',
    tag: 'collections',
    body: { 'application/json': updateCollectionSchema },
    responses: { 200: json('The collection', collectionSchema) },
    errors: [...BODY_ERRORS, ...WRITE_ERRORS, 'collection_not_found'],
  },
  {
    id: 'deleteCollection',
    method: 'DELETE',
    path: COLLECTION,
    summary: 'Delete a collection with everything in it',
    tag: 'collections',
    responses: { 204: NOTHING },
    errors: [...WRITE_ERRORS, 'collection_not_found'],
  },
];
