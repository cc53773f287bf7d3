import type { Page } from '../../core/documents/catalog.ts';
import type { DocumentProblem, DocumentRecord, HydratedChunk } from '../../core/documents/document.ts';
import { linesOf } from '../../core/documents/lines.ts';
import type { JobId } from '../../core/ingest/job.ts';
import { ERRORS } from '../../core/errors.ts';
import type { WireChunk } from '../contract/chunk.ts';
import type { WireDocument, WireSubmitted, WireSubmittedList } from '../contract/document.ts';

/** A list as the API shows it. */
export interface WirePage<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

export function toWirePage<Core, Wire>(page: Page<Core>, toWire: (item: Core) => Wire): WirePage<Wire> {
  return { items: page.items.map(toWire), next_cursor: page.nextCursor };
}

export function toWireDocument(record: DocumentRecord): WireDocument {
  return {
    id: record.id,
    source_key: record.sourceKey,
    origin: record.origin,
    item: record.item,
    version: record.version,
    state: record.state,
    state_since: record.stateSince,
    tries: record.tries,
    problem: toWireProblem(record.problem),
    title: record.title,
    uri: record.uri,
    format: record.format,
    language: record.language,
    metadata: record.metadata,
    content_hash: record.contentHash,
    size_bytes: record.sizeBytes,
    chunk_count: record.chunkCount,
    sequence: record.sequence,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
  };
}

export function toWireSubmitted(job: JobId, record: DocumentRecord): WireSubmitted {
  return { id: record.id, version: record.version, state: record.state, job };
}

export function toWireSubmittedList(job: JobId, records: readonly DocumentRecord[]): WireSubmittedList {
  return {
    job,
    items: records.map((record) => ({
      ...toWireSubmitted(job, record),
      item: record.item,
      title: record.title,
      problem: toWireProblem(record.problem),
    })),
  };
}

export function toWireChunk(chunk: HydratedChunk): WireChunk {
  return {
    chunk_id: chunk.id,
    document_id: chunk.documentId,
    document_version: chunk.version,
    ordinal: chunk.ordinal,
    title: chunk.title,
    uri: chunk.uri,
    language: chunk.language,
    heading_path: chunk.headingPath,
    page: chunk.page,
    lines: linesOf(chunk, chunk),
    start: chunk.start,
    end: chunk.end,
    text: chunk.text,
  };
}

export function toWireProblem(problem: DocumentProblem | null): WireDocument['problem'] {
  return problem === null
    ? null
    : { code: problem.code, reason: problem.reason, advice: ERRORS[problem.code][1] };
}
