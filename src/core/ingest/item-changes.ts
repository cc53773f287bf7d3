import type { DocumentChange, DocumentDraft } from '../documents/catalog.ts';
import {
  problemState,
  type DocumentOrigin,
  type DocumentProblem,
  type DocumentRecord,
} from '../documents/document.ts';
import { documentId, type DocumentId, type Scope } from '../documents/ids.ts';
import { joinKeys } from '../documents/record-key.ts';
import type { PrepareInput, PreparedDocument, PreparedItem } from './prepare.ts';

/** A prepared item. It takes the place of all documents that the catalog has of the item. */
export interface ItemWrite {
  readonly origin: DocumentOrigin;
  readonly input: PrepareInput;
  readonly prepared: PreparedItem;
}

/** An item that could not even be read, or is left out on purpose. */
export interface ProblemWrite {
  readonly origin: DocumentOrigin;
  readonly item: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly state: 'failed' | 'skipped';
  readonly problem: DocumentProblem;
  /** Of the stored original; null or left out when the bytes could not be read. */
  readonly contentHash?: string | null;
}

/** What an item's documents change into; `known` are those that the catalog has of it. */
export function itemChanges(
  scope: Scope,
  { origin, input, prepared }: ItemWrite,
  known: readonly DocumentId[],
): readonly DocumentChange[] {
  const base = {
    origin,
    item: input.item,
    format: prepared.format,
    contentHash: prepared.contentHash,
    sizeBytes: input.bytes.length,
    givenLanguage: input.givenLanguage ?? null,
    stamp: input.stamp ?? null,
  };
  const puts: DocumentChange[] = prepared.documents.map((document) => ({
    kind: 'put',
    draft: { ...base, ...readyParts(scope, input.item, document) },
    version: document.version,
  }));
  for (const { recordKey, code, reason } of prepared.problems) {
    const draft: DocumentDraft = {
      ...base,
      ...identity(scope, input.item, recordKey),
      state: problemState(code),
      problem: { code, reason },
      title: input.title ?? recordKey ?? input.name,
      uri: input.uri,
      language: null,
      metadata: input.metadata,
    };
    puts.push({ kind: 'put', draft, version: null });
  }
  const kept = new Set(puts.flatMap((change) => (change.kind === 'put' ? change.draft.id : [])));
  const isWholeItemBroken =
    prepared.documents.length === 0 && prepared.problems.some((one) => one.recordKey === null);
  const gone = isWholeItemBroken ? [] : known.filter((id) => !kept.has(id));
  return [...puts, ...gone.map((id) => ({ kind: 'delete', id }) as const)];
}

function identity(
  scope: Scope,
  item: string,
  recordKey: string | null,
): Pick<DocumentRecord, 'id' | 'sourceKey'> {
  const sourceKey = joinKeys(item, recordKey);
  return { id: documentId(scope, sourceKey), sourceKey };
}

function readyParts(scope: Scope, item: string, document: PreparedDocument) {
  const { recordKey, title, uri, language, metadata } = document;
  return {
    ...identity(scope, item, recordKey),
    state: 'ready',
    problem: null,
    title,
    uri,
    language,
    metadata,
  } as const;
}

export function problemChange(scope: Scope, write: ProblemWrite): DocumentChange {
  const { origin, item, name, sizeBytes, state, problem, contentHash = null } = write;
  const draft: DocumentDraft = {
    ...identity(scope, item, null),
    origin,
    item,
    state,
    problem,
    title: name === '' ? item : name,
    uri: null,
    format: null,
    language: null,
    metadata: {},
    contentHash,
    sizeBytes,
  };
  return { kind: 'put', draft, version: null };
}
