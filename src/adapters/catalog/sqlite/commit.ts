import type { DatabaseSync } from 'node:sqlite';
import type {
  AppliedChange,
  CommitReceipt,
  DocumentChange,
  DocumentDraft,
} from '../../../core/documents/catalog.ts';
import type { PreparedVersion } from '../../../core/documents/document.ts';
import type { DocumentId, Scope, VersionId } from '../../../core/documents/ids.ts';
import type { Clock } from '../../../lib/clock.ts';
import { requireCollection, type CollectionKey } from './collections.ts';
import { contentUse } from './content-use.ts';
import { query, transaction } from './database.ts';
import { findBytes, idBytes, versionIdOf } from './ids.ts';
import { tallies, type CountedState, type Tally } from './tally.ts';
import { versionForgetting, versionInsertion, type Place } from './versions.ts';

/** What all changes of one commit share. */
interface Batch extends Place {
  readonly now: number;
  readonly tally: Tally;
}

/** A change, and how often its task was tried. */
export interface TriedChange {
  readonly change: DocumentChange;
  readonly tries: number;
}

type StoredRow = readonly [
  key: number,
  version: number | null,
  versionId: Uint8Array | null,
  contentHash: string | null,
  state: CountedState,
  chunkCount: number,
  sizeBytes: number,
];

interface Stored {
  readonly key: number;
  readonly version: { readonly key: number; readonly id: Uint8Array } | null;
  readonly contentHash: string | null;
  readonly state: CountedState;
  readonly chunkCount: number;
  readonly sizeBytes: number;
}

/** A change as done, before orphans are known. */
interface Outcome {
  readonly applied: Omit<AppliedChange, 'orphanedContent'>;
  readonly releasedContent: string | null;
}

/** Applies changes to documents within the transaction that is open. */
export type ApplyChanges = (collection: number, changes: readonly TriedChange[]) => CommitReceipt;

/** The catalog's `commit`: all changes and the collection's counters in one transaction. */
export function commitCall(
  database: DatabaseSync,
  key: CollectionKey,
  { apply, cancelTasks }: { readonly apply: ApplyChanges; readonly cancelTasks: CancelTasks },
): (scope: Scope, changes: readonly DocumentChange[]) => CommitReceipt {
  return (scope, changes) =>
    transaction(database, () => {
      const collection = requireCollection(key, scope);
      for (const change of changes) if (change.kind === 'delete') cancelTasks(collection, change.id);
      return apply(
        collection,
        changes.map((change) => ({ change, tries: 1 })),
      );
    });
}

/** Ends the task that would bring a deleted document back. */
export type CancelTasks = (collection: number, id: DocumentId) => void;

export function changeApplying(database: DatabaseSync, clock: Clock): ApplyChanges {
  const next = query<readonly [number]>(
    database,
    'UPDATE counter SET sequence = sequence + 1 WHERE id = 1 RETURNING sequence',
  );
  const { open, save } = tallies(database);
  const put = putCall(database);
  const remove = deleteCall(database);
  const nameOrphans = orphanNaming(database);

  return (collection, changes) => {
    const sequence = next.get()?.[0] ?? 0;
    const batch: Batch = { collection, sequence, now: clock.now(), tally: open() };
    const outcomes = changes.map(({ change, tries }) =>
      change.kind === 'put' ? put(batch, change, tries) : remove(batch, change.id),
    );
    save(batch.tally, collection, sequence);
    return { sequence, applied: nameOrphans(outcomes) };
  };
}

type FindStored = (collection: number, id: Uint8Array | null) => Stored | null;

function storedDocuments(database: DatabaseSync): FindStored {
  const find = query<StoredRow>(
    database,
    `SELECT d.key, v.key, v.id, d.content_hash, d.state, d.chunk_count, d.size_bytes
     FROM documents d LEFT JOIN versions v ON v.key = d.version WHERE d.collection = ? AND d.id = ?`,
  );
  return (collection, id) => {
    const row = id === null ? null : find.get(collection, id);
    if (row === null) return null;
    const [key, versionKey, versionId, contentHash, state, chunkCount, sizeBytes] = row;
    const version = versionKey === null || versionId === null ? null : { key: versionKey, id: versionId };
    return { key, version, contentHash, state, chunkCount, sizeBytes };
  };
}

type Put = (batch: Batch, change: Extract<DocumentChange, { kind: 'put' }>, tries: number) => Outcome;

function putCall(database: DatabaseSync): Put {
  const find = storedDocuments(database);
  const replaceVersion = versionReplacing(database);
  const writeRow = rowWriting(database);

  return (batch, { draft, version }, tries) => {
    const stored = find(batch.collection, idBytes(draft.id));
    const { key, chunkCount, removed, added } = replaceVersion(batch, stored, { draft, version });
    writeRow(batch, draft, { key: stored?.key ?? null, version: key, chunkCount, tries });
    if (stored !== null) batch.tally.remove(stored);
    batch.tally.add({ state: draft.state, sizeBytes: draft.sizeBytes, chunkCount });
    const held = stored?.contentHash ?? null;
    return {
      applied: { documentId: draft.id, removed, added },
      releasedContent: held === draft.contentHash ? null : held,
    };
  };
}

interface Replacement {
  readonly key: number | null;
  readonly chunkCount: number;
  readonly removed: VersionId | null;
  readonly added: VersionId | null;
}

type ReplaceVersion = (
  batch: Batch,
  stored: Stored | null,
  put: { readonly draft: DocumentDraft; readonly version: PreparedVersion | null },
) => Replacement;

/** Puts the new version in the place of the stored one; keeps that when there is none new or it is the same. */
function versionReplacing(database: DatabaseSync): ReplaceVersion {
  const forget = versionForgetting(database);
  const insert = versionInsertion(database);

  return (batch, stored, { draft, version }) => {
    const current = stored?.version ?? null;
    const currentId = current === null ? null : versionIdOf(current.id);
    if (version === null || version.id === currentId) {
      return { key: current?.key ?? null, chunkCount: stored?.chunkCount ?? 0, removed: null, added: null };
    }
    if (current !== null) forget(batch, current);
    const key = insert(batch, draft, version);
    return { key, chunkCount: version.chunks.length, removed: currentId, added: version.id };
  };
}

function deleteCall(database: DatabaseSync): (batch: Batch, id: DocumentId) => Outcome {
  const find = storedDocuments(database);
  const forget = versionForgetting(database);
  const deleteRow = database.prepare('DELETE FROM documents WHERE key = ?');

  return (batch, id) => {
    const stored = find(batch.collection, findBytes(id));
    if (stored === null) {
      return { applied: { documentId: id, removed: null, added: null }, releasedContent: null };
    }
    if (stored.version !== null) forget(batch, stored.version);
    deleteRow.run(stored.key);
    batch.tally.remove(stored);
    return {
      applied: {
        documentId: id,
        removed: stored.version === null ? null : versionIdOf(stored.version.id),
        added: null,
      },
      releasedContent: stored.contentHash,
    };
  };
}

interface RowPlace {
  /** Null for a document that is new. */
  readonly key: number | null;
  readonly version: number | null;
  readonly chunkCount: number;
  readonly tries: number;
}

function rowWriting(database: DatabaseSync): (batch: Batch, draft: DocumentDraft, place: RowPlace) => void {
  const columns = `source_key, origin, item, version, state, problem_code, problem_reason, title, uri, format,
    language, metadata, content_hash, size_bytes, given_language, stamp, chunk_count, tries, sequence,
    updated_at`;
  const marks = columns.replaceAll(/\w+/g, '?');
  const insert = database.prepare(
    `INSERT INTO documents (${columns}, created_at, collection, id) VALUES (${marks}, ?, ?, ?)`,
  );
  const update = database.prepare(`UPDATE documents SET (${columns}) = (${marks}) WHERE key = ?`);

  return (batch, draft, { key, version, chunkCount, tries }) => {
    const values = [
      draft.sourceKey,
      draft.origin,
      draft.item,
      version,
      draft.state,
      draft.problem?.code ?? null,
      draft.problem?.reason ?? null,
      draft.title,
      draft.uri,
      draft.format,
      draft.language,
      JSON.stringify(draft.metadata),
      draft.contentHash,
      draft.sizeBytes,
      draft.givenLanguage ?? null,
      draft.stamp ?? null,
      chunkCount,
      tries,
      batch.sequence,
      batch.now,
    ];
    if (key === null) insert.run(...values, batch.now, batch.collection, idBytes(draft.id));
    else update.run(...values, key);
  };
}

/** Names every released original that nothing refers to after all changes, at the last change that let go of it. */
function orphanNaming(database: DatabaseSync): (outcomes: readonly Outcome[]) => readonly AppliedChange[] {
  const isUsed = contentUse(database);
  return (outcomes) => {
    const last = new Map<string, number>();
    for (const [index, { releasedContent }] of outcomes.entries()) {
      if (releasedContent !== null) last.set(releasedContent, index);
    }
    return outcomes.map(({ applied, releasedContent }, index) => {
      const isOrphaned =
        releasedContent !== null && last.get(releasedContent) === index && !isUsed(releasedContent);
      return { ...applied, orphanedContent: isOrphaned ? releasedContent : null };
    });
  };
}
