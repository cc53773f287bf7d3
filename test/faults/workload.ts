import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectionPath, type Api, type Sending } from '../end-to-end/api.ts';
import { documentId, DEFAULT_TENANT, type CollectionName } from '../../src/core/documents/ids.ts';
import type { Content, Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import type { Revision } from './revision.ts';

export const DOCS = 'docs';
/** A collection that is deleted and made anew all the time. */
export const CHURN = 'churn';

export interface Workload {
  readonly ledger: Ledger;
  readonly random: Random;
  readonly revise: (documents?: number) => Revision;
  /** The folder that is ingested. */
  readonly folder: string;
  /** What the files of the folder hold, by path. */
  readonly files: Map<string, Revision>;
}

/** Client code that writes until the connection breaks. */
export type Lane = (api: Api, acknowledged: () => void) => Promise<void>;

const LANES = 4;
const KEYS_PER_LANE = 6;
const FILES = 24;

/** Clients that write at the same time, each its own items, so that the order of writes to an item is known. */
export function lanes(workload: Workload): readonly Lane[] {
  return [
    ...Array.from({ length: LANES }, (_, lane) => documentLane(workload, lane)),
    folderLane(workload),
    churnLane(workload),
  ];
}

/** Ledger key of an item. */
export function keyOf(collection: string, item: string): string {
  return `${collection}:${item}`;
}

function documentLane(workload: Workload, lane: number): Lane {
  const { random } = workload;
  return async (api, acknowledged) => {
    for (;;) {
      const item = `lane-${lane}-${random.below(KEYS_PER_LANE)}`;
      if (random.chance(20)) await deleteDocument(workload, api, item);
      else await putDocument(workload, api, { collection: DOCS, item, isList: random.chance(25) });
      acknowledged();
    }
  };
}

interface Put {
  readonly collection: string;
  readonly item: string;
  /** Several documents in one item, which must change together. */
  readonly isList: boolean;
}

async function putDocument(workload: Workload, api: Api, { collection, item, isList }: Put): Promise<void> {
  const { ledger, random, revise } = workload;
  const name = isList ? `${item}-list` : item;
  const revision = isList ? revise(2 + random.below(4)) : revise();
  const key = keyOf(collection, name);
  ledger.ask(key, revision);
  // Accepted is as good as taken in: both must be there after a crash.
  const isWaiting = random.chance(50);
  await expectStatus(
    api,
    [isWaiting ? 201 : 202],
    'POST',
    `${collectionPath(collection)}/documents?wait=${isWaiting}`,
    {
      body: {
        id: name,
        text: isList ? jsonLines(revision) : (revision.texts[0] ?? ''),
        format: isList ? 'jsonl' : 'text',
      },
    },
  );
  ledger.acknowledge(key, revision);
}

function jsonLines({ texts }: Revision): string {
  return texts.map((text, at) => JSON.stringify({ id: `record-${at}`, text })).join('\n');
}

async function deleteDocument({ ledger }: Workload, api: Api, item: string): Promise<void> {
  const key = keyOf(DOCS, item);
  const id = documentId({ tenant: DEFAULT_TENANT, collection: DOCS as CollectionName }, item);
  ledger.ask(key, null);
  await expectStatus(api, [204, 404], 'DELETE', `${collectionPath(DOCS)}/documents/${id}`);
  ledger.acknowledge(key, null);
}

function folderLane(workload: Workload): Lane {
  const { ledger, folder } = workload;
  return async (api, acknowledged) => {
    for (;;) {
      changeFolder(workload);
      const wanted = wantedFiles(workload);
      for (const [key, content] of wanted) ledger.ask(key, content);
      await expectStatus(api, [200], 'POST', `${collectionPath(DOCS)}/ingest?wait=true`, {
        body: { paths: [folder], force: true },
      });
      for (const [key, content] of wanted) ledger.acknowledge(key, content);
      acknowledged();
    }
  };
}

/** What an ingest of the folder as it is now should lead to, also for files that are gone. */
function wantedFiles({ ledger, files, folder }: Workload): ReadonlyMap<string, Content> {
  const prefix = keyOf(DOCS, folder);
  const known = ledger.keys().filter((key) => key.startsWith(prefix));
  const wanted = new Map<string, Content>(known.map((key) => [key, null]));
  for (const [path, revision] of files) wanted.set(keyOf(DOCS, path), revision);
  return wanted;
}

/** Adds, changes and deletes some files. */
function changeFolder({ folder, files, random, revise }: Workload): void {
  mkdirSync(join(folder, 'below'), { recursive: true });
  for (let count = 1 + random.below(FILES / 2); count > 0; count--) {
    const name = `file-${random.below(FILES)}.txt`;
    const path = join(folder, random.chance(30) ? 'below' : '', name);
    if (random.chance(25)) {
      rmSync(path, { force: true });
      files.delete(path);
    } else {
      const revision = revise();
      writeFileSync(path, revision.texts[0] ?? '');
      files.set(path, revision);
    }
  }
}

function churnLane(workload: Workload): Lane {
  const { ledger, random } = workload;
  return async (api, acknowledged) => {
    for (;;) {
      await expectStatus(api, [201, 409], 'POST', '/api/v1/rag/collections', {
        body: { name: CHURN, language: 'en' },
      });
      for (let count = 1 + random.below(3); count > 0; count--) {
        await putDocument(workload, api, {
          collection: CHURN,
          item: `churn-${random.below(3)}`,
          isList: false,
        });
        acknowledged();
      }
      const keys = ledger.keys().filter((key) => key.startsWith(keyOf(CHURN, '')));
      for (const key of keys) ledger.ask(key, null);
      await expectStatus(api, [204], 'DELETE', collectionPath(CHURN));
      for (const key of keys) ledger.acknowledge(key, null);
      acknowledged();
    }
  };
}

async function expectStatus(
  api: Api,
  expected: readonly number[],
  ...[method, path, sending]: [method: string, path: string, sending?: Sending]
): Promise<void> {
  const status = await api.status(method, path, sending);
  if (!expected.includes(status))
    throw new assert.AssertionError({ message: `${method} ${path} answered ${status}` });
}
