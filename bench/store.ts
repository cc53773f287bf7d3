import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openService, type Service } from '../src/app/service.ts';
import { loadConfig, type Config } from '../src/config/config.ts';
import { DEFAULT_TENANT, isCollectionName, type Scope } from '../src/core/documents/ids.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { writeCorpus, type Material } from './corpus.ts';
import { timedIngest } from './timed-ingest.ts';

/** A data folder with a collection of generated documents, and how it came to be. */
export interface BenchStore extends AsyncDisposable {
  readonly config: Config;
  readonly scope: Scope;
  readonly ingest: IngestFigures;
  /** Opens the folder; close it before the next one opens. */
  open(): Promise<Service>;
}

export interface IngestFigures {
  readonly files: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Processor time of all threads. */
  readonly cpuSeconds: number;
  /** A second run over the unchanged folder. */
  readonly againSeconds: number;
}

const quiet = createLogger({ level: 'error', format: 'text' });

/** Generates `files` Markdown files and ingests them with one worker thread. */
export async function buildStore(files: number, material: Material): Promise<BenchStore> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const corpus = join(root, 'corpus');
  const { bytes } = await writeCorpus(corpus, files, material);
  const config = loadConfig(
    { HOLDFAST_WORKERS: '1', HOLDFAST_CACHE_BYTES: '0' },
    { data: join(root, 'data') },
  );
  const name = 'bench';
  if (!isCollectionName(name)) throw new Error(name);
  const scope = { tenant: DEFAULT_TENANT, collection: name };
  const open = async (): Promise<Service> => openService(config, quiet);
  const ingest = await ingestFolder(await open(), { scope, corpus, bytes });
  return {
    config,
    scope,
    ingest,
    open,
    [Symbol.asyncDispose]: async () => rm(root, { recursive: true, force: true }),
  };
}

async function ingestFolder(
  opened: Service,
  what: { scope: Scope; corpus: string; bytes: number },
): Promise<IngestFigures> {
  await using service = opened;
  const { scope, corpus, bytes } = what;
  const { summary, seconds, cpuSeconds } = await timedIngest(service, scope, corpus);
  const again = await timedIngest(service, scope, corpus);
  return {
    files: summary.files.added,
    chunks: summary.chunks,
    bytes,
    seconds,
    cpuSeconds,
    againSeconds: again.seconds,
  };
}
