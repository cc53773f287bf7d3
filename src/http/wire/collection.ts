import type { CollectionSummary } from '../../core/documents/collection.ts';
import type { WireCollection } from '../contract/collection.ts';

export function toWireCollection(collection: CollectionSummary): WireCollection {
  const { total, ready, failed, skipped, pending } = collection.stats.documents;
  return {
    name: collection.collection,
    description: collection.settings.description,
    language: collection.settings.language,
    generation: collection.generation,
    created_at: collection.createdAt,
    stats: {
      documents: { total, ready, failed, skipped, pending },
      chunks: collection.stats.chunks,
      size_bytes: collection.stats.sizeBytes,
      sequence: collection.stats.sequence,
    },
  };
}
