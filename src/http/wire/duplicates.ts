import type { DuplicateReport } from '../../core/documents/duplicates.ts';
import type { WireDuplicates } from '../contract/duplicates.ts';

export function toWireDuplicates({
  items,
  nextCursor,
  compared,
  isComplete,
}: DuplicateReport): WireDuplicates {
  return {
    items: items.map(({ size, members }) => ({
      size,
      documents: members.map(({ record, similarity }) => ({
        id: record.id,
        source_key: record.sourceKey,
        title: record.title,
        uri: record.uri,
        size_bytes: record.sizeBytes,
        similarity: Math.round(similarity * 100) / 100,
      })),
    })),
    next_cursor: nextCursor,
    compared,
    complete: isComplete,
  };
}
