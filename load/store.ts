import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openModels } from '../src/app/models.ts';
import { openService, type Service } from '../src/app/service.ts';
import { loadConfig } from '../src/config/config.ts';
import { DEFAULT_TENANT, isCollectionName, type Scope } from '../src/core/documents/ids.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { factDocuments, factQuestions } from './facts.ts';

/** A question with what a right answer points at. */
export interface LoadQuestion {
  readonly query: string;
  /** Id of the document that answers it. */
  readonly documentId: string;
}

/** What answers are judged by. */
export interface LoadMaterial {
  readonly collection: string;
  readonly questions: readonly LoadQuestion[];
  /** Text of each document's version by its id. */
  readonly texts: Readonly<Record<string, string>>;
}

/** A data folder full of facts. */
export interface LoadStore extends AsyncDisposable {
  readonly dataDir: string;
  readonly chunks: number;
  readonly material: LoadMaterial;
}

export interface LoadStoreOptions {
  /** Each has ten passages. */
  readonly documents: number;
  /** Settings of the models, which see every passage before this is over. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where to put the data folder. Default: a temporary folder. */
  readonly parent?: string;
}

const NAME = 'facts';
const NEVER = new AbortController().signal;
const quiet = createLogger({ level: 'error', format: 'text' });

/** Writes the documents and ingests them. */
export async function buildLoadStore(options: LoadStoreOptions): Promise<LoadStore> {
  const { documents, environment = {}, parent = tmpdir() } = options;
  const root = await mkdtemp(join(parent, 'holdfast-load-'));
  const corpus = join(root, 'corpus');
  const dataDir = join(root, 'data');
  await mkdir(corpus);
  for (const { key, text } of factDocuments(documents)) await writeFile(join(corpus, `${key}.md`), text);
  const config = loadConfig(environment, { data: dataDir });
  await using service = await openService(config, quiet, await openModels(config, quiet));
  if (!isCollectionName(NAME)) throw new Error(NAME);
  const scope = { tenant: DEFAULT_TENANT, collection: NAME };
  await service.collections.ensure(scope);
  const { chunks } = await service.ingest({ scope, paths: [corpus] }, () => undefined, NEVER);
  await untilEncoded(service);
  return {
    dataDir,
    chunks,
    material: await readMaterial(service, scope, documents),
    [Symbol.asyncDispose]: async () => rm(root, { recursive: true, force: true }),
  };
}

async function untilEncoded(service: Service): Promise<void> {
  for (;;) {
    const progress = await service.encoderProgress();
    if (progress === null || progress.encoded === progress.total) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function readMaterial(service: Service, scope: Scope, documents: number): Promise<LoadMaterial> {
  const ids = new Map<string, string>();
  const texts: Record<string, string> = {};
  let cursor: string | null = null;
  do {
    const page = await service.documents.list(scope, { limit: 500, cursor });
    for (const { id, title } of page.items) {
      ids.set(title.replace(/^The (.*) system$/, '$1').replace(' ', '-'), id);
      texts[id] = await service.documents.text(scope, id);
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  const questions = factQuestions(documents).map(({ query, key }) => {
    const documentId = ids.get(key);
    if (documentId === undefined) throw new Error(`there is no document "${key}"`);
    return { query, documentId };
  });
  return { collection: scope.collection, questions, texts };
}
