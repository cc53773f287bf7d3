import type { Client } from '../app/client.ts';
import { HoldfastError } from '../core/errors.ts';

/** Creates the collection unless it is there. */
export async function ensureCollection(client: Client, name: string): Promise<void> {
  try {
    await client.createCollection({ name });
  } catch (error) {
    if (!(error instanceof HoldfastError && error.code === 'collection_exists')) throw error;
  }
}
