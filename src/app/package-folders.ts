import { fileURLToPath } from 'node:url';

/** The embedding model that the package carries. */
export const MODEL_FOLDER = fileURLToPath(new URL('../../model/', import.meta.url));

/** Holdfast's own manual: the demo collection. */
export const MANUAL_FOLDER = fileURLToPath(new URL('../../docs', import.meta.url));
