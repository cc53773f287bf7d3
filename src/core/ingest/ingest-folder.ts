import type { Catalog, KnownItem } from '../documents/catalog.ts';
import type { CollectionSummary } from '../documents/collection.ts';
import { problemState, type DocumentProblem } from '../documents/document.ts';
import { joinKeys } from '../documents/record-key.ts';
import type { Scope } from '../documents/ids.ts';
import type { IngestFolder, IngestProgress, IngestRequest, IngestSummary } from '../documents/library.ts';
import { HoldfastError } from '../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { sha256Hex } from '../../lib/hash.ts';
import { createMutex, type Mutex } from '../../lib/mutex.ts';
import type { PrepareInput, PreparedItem } from './prepare.ts';
import type { RecipeOf } from './recipe.ts';
import type { Source, SourceItem } from './source.ts';
import type { ItemWrite, ProblemWrite, WriteItems } from './write-items.ts';

/** Prepares an item, elsewhere if need be. Never rejects for what the bytes hold. */
export type Prepare = (input: PrepareInput, signal: AbortSignal) => Promise<PreparedItem>;

export interface IngestDependencies {
  readonly catalog: Pick<Catalog, 'getCollection' | 'knownItems' | 'getDocument'>;
  readonly source: Source;
  readonly prepare: Prepare;
  readonly writeItems: WriteItems;
  readonly clock: Clock;
  /** Called once after all writes of a run, when there were any. */
  readonly afterWrites: (scope: Scope) => Promise<void>;
  readonly recipeOf: RecipeOf;
  readonly maxDocumentBytes: number;
  /** Items that are prepared at the same time. */
  readonly parallel: number;
}

const BATCH_DOCUMENTS = 64;
const BATCH_CHUNKS = 2000;

/**
 * Brings a collection in line with files and folders of this machine. One ingest of a collection at a time: a second
 * one of the same folder would do the work twice, and the slower one would bring back what the other one removed.
 */
export function createIngestFolder(dependencies: IngestDependencies): IngestFolder {
  const turns = new Map<string, Mutex>();
  const ingest: IngestFolder = async (request, onProgress, signal) => {
    signal.throwIfAborted();
    const collection = await dependencies.catalog.getCollection(request.scope);
    if (collection === null) {
      throw new HoldfastError('collection_not_found', `there is no collection "${request.scope.collection}"`);
    }
    const run = new IngestRun(dependencies, { request, collection, onProgress });
    for (const path of request.paths) await run.sync(path, signal);
    return run.finish();
  };
  return async (request, onProgress, signal) => {
    const { tenant, collection } = request.scope;
    const key = JSON.stringify([tenant, collection]);
    const turn = turns.get(key) ?? createMutex();
    turns.set(key, turn);
    return turn.run(async () => ingest(request, onProgress, signal));
  };
}

interface RunContext {
  readonly request: IngestRequest;
  readonly collection: CollectionSummary;
  readonly onProgress: (progress: IngestProgress) => void;
}

type Counts = { -readonly [Key in keyof IngestSummary['files']]: number };

/** The state of one run: what waits to be written, and the counts. */
class IngestRun {
  readonly #dependencies: IngestDependencies;
  readonly #context: RunContext;
  readonly #began: number;
  readonly #counts: Counts = {
    found: 0,
    added: 0,
    updated: 0,
    unchanged: 0,
    removed: 0,
    failed: 0,
    skipped: 0,
  };
  readonly #failures: { item: string; problem: DocumentProblem }[] = [];
  readonly #skipped: { item: string; problem: DocumentProblem }[] = [];
  #items: ItemWrite[] = [];
  #problems: ProblemWrite[] = [];
  #waitingChunks = 0;
  #documents = 0;
  #chunks = 0;
  #bytes = 0;
  #hasWritten = false;

  constructor(dependencies: IngestDependencies, context: RunContext) {
    this.#dependencies = dependencies;
    this.#context = context;
    this.#began = dependencies.clock.monotonic();
  }

  async sync(root: string, signal: AbortSignal): Promise<void> {
    const items = this.#dependencies.source.list(root, signal)[Symbol.asyncIterator]();
    const first = await items.next();
    const known = await this.#known(root);
    const hidden: string[] = [];
    const seen = new Set<string>();
    const tasks = boundedTasks(this.#dependencies.parallel);
    try {
      for (let next = first; next.done !== true; next = await items.next()) {
        const item = next.value;
        signal.throwIfAborted();
        seen.add(item.item);
        if (item.kind === 'problem' && item.hidesItems) hidden.push(item.item);
        this.#counts.found++;
        await tasks.add(this.#take(item, known.get(item.item) ?? null, signal));
      }
    } finally {
      // Nothing goes on behind the back of whoever was told that this run is over.
      await tasks.settle();
    }
    tasks.throwFirst();
    await this.#flush(true);
    await this.#removeGone(
      [...known.values()].filter(({ item }) => !seen.has(item) && !isBelow(item, hidden)),
    );
  }

  async #known(root: string): Promise<ReadonlyMap<string, KnownItem>> {
    const items = await this.#dependencies.catalog.knownItems(this.#context.request.scope, 'folder', root);
    return new Map(items.map((item) => [item.item, item]));
  }

  async finish(): Promise<IngestSummary> {
    if (this.#hasWritten) await this.#dependencies.afterWrites(this.#context.request.scope);
    return {
      files: this.#counts,
      documents: this.#documents,
      chunks: this.#chunks,
      bytes: this.#bytes,
      elapsedMs: Math.round(this.#dependencies.clock.monotonic() - this.#began),
      failures: this.#failures,
      skipped: this.#skipped,
    };
  }

  async #take(item: SourceItem, known: KnownItem | null, signal: AbortSignal): Promise<void> {
    if (item.kind === 'problem') {
      await this.#problem(item, item.state, item.problem);
      return;
    }
    let bytes: Uint8Array;
    try {
      bytes = await this.#dependencies.source.read(item.item, this.#dependencies.maxDocumentBytes);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      await this.#problem(item, 'failed', { code: error.code, reason: error.message }, item.sizeBytes);
      return;
    }
    if (await this.#isUnchanged(bytes, known)) return;
    const input = this.#input(item, bytes);
    const prepared = await this.#dependencies.prepare(input, signal);
    if (isUnsupported(prepared)) {
      await this.#problem(item, 'skipped', prepared.problems[0], item.sizeBytes);
      return;
    }
    this.#count(item.item, prepared, known);
    this.#bytes += bytes.length;
    this.#items.push({ origin: 'folder', input, prepared });
    this.#waitingChunks += chunkCount(prepared);
    await this.#flush(false);
  }

  #input(item: Extract<SourceItem, { kind: 'file' }>, bytes: Uint8Array): PrepareInput {
    const { request, collection } = this.#context;
    return {
      scope: request.scope,
      item: item.item,
      name: item.name,
      bytes,
      format: null,
      mediaType: null,
      title: null,
      uri: null,
      fallbackUri: item.uri,
      metadata: { path: item.path },
      language: collection.settings.language,
      ...this.#dependencies.recipeOf(collection),
    };
  }

  /** True when the catalog has these bytes already; a known failure is reported again. */
  async #isUnchanged(bytes: Uint8Array, known: KnownItem | null): Promise<boolean> {
    if (known === null || known.contentHash !== sha256Hex(bytes)) return false;
    const { generation } = this.#dependencies.recipeOf(this.#context.collection);
    const broken = known.documents.filter(({ state }) => state === 'failed');
    if (broken.length < known.documents.length && known.generation !== generation) return false;
    const records = await Promise.all(
      broken.map(async ({ id }) => this.#dependencies.catalog.getDocument(this.#context.request.scope, id)),
    );
    // What took too long once may have met a busy machine.
    if (records.some((record) => record?.problem?.code === 'document_timeout')) return false;
    for (const record of records) {
      if (record?.problem) this.#failures.push({ item: record.sourceKey, problem: record.problem });
    }
    this.#counts[broken.length === 0 ? 'unchanged' : 'failed']++;
    this.#report(null);
    return true;
  }

  async #problem(
    item: SourceItem,
    state: 'failed' | 'skipped',
    problem: DocumentProblem | undefined,
    sizeBytes = 0,
  ): Promise<void> {
    if (problem === undefined) return;
    const entry = { item: item.item, problem: { code: problem.code, reason: problem.reason } };
    this.#counts[state]++;
    (state === 'failed' ? this.#failures : this.#skipped).push(entry);
    this.#problems.push({ origin: 'folder', name: item.name, sizeBytes, state, ...entry });
    this.#report(state === 'failed' ? entry : null);
    await this.#flush(false);
  }

  #count(item: string, prepared: PreparedItem, known: KnownItem | null): void {
    this.#documents += prepared.documents.length;
    this.#chunks += chunkCount(prepared);
    const problems = prepared.problems.map(({ recordKey, code, reason }) => ({
      item: joinKeys(item, recordKey),
      problem: { code, reason },
    }));
    const failures = problems.filter(({ problem }) => problemState(problem.code) === 'failed');
    this.#failures.push(...failures);
    this.#skipped.push(...problems.filter(({ problem }) => problemState(problem.code) === 'skipped'));
    if (failures.length > 0) this.#counts.failed++;
    else this.#counts[known === null ? 'added' : 'updated']++;
    this.#report(failures[0] ?? null);
  }

  async #flush(isLast: boolean): Promise<void> {
    const waiting = this.#items.length + this.#problems.length;
    if (waiting === 0 || (!isLast && waiting < BATCH_DOCUMENTS && this.#waitingChunks < BATCH_CHUNKS)) return;
    const items = this.#items;
    const problems = this.#problems;
    this.#items = [];
    this.#problems = [];
    this.#waitingChunks = 0;
    await this.#write({ items, problems: await this.#newProblems(problems), deletions: [] });
  }

  /** Problems that the catalog does not show yet: a second run writes nothing. */
  async #newProblems(waiting: readonly ProblemWrite[]): Promise<ProblemWrite[]> {
    const fresh: ProblemWrite[] = [];
    const known = new Map<string, DocumentProblem | null>();
    for (const { item } of waiting) known.set(item, await this.#knownProblem(item));
    for (const write of waiting) {
      const before = known.get(write.item);
      if (before?.code !== write.problem.code || before.reason !== write.problem.reason) fresh.push(write);
    }
    return fresh;
  }

  async #knownProblem(item: string): Promise<DocumentProblem | null> {
    const { scope } = this.#context.request;
    const [known] = await this.#dependencies.catalog.knownItems(scope, 'folder', item);
    const id = known?.item === item ? known.documents[0]?.id : undefined;
    if (id === undefined) return null;
    return (await this.#dependencies.catalog.getDocument(scope, id))?.problem ?? null;
  }

  async #removeGone(gone: readonly KnownItem[]): Promise<void> {
    if (gone.length === 0) return;
    this.#counts.removed += gone.length;
    await this.#write({
      items: [],
      problems: [],
      deletions: gone.flatMap(({ documents }) => documents.map(({ id }) => id)),
    });
  }

  async #write(writes: Parameters<WriteItems>[1]): Promise<void> {
    if (writes.items.length + writes.problems.length + writes.deletions.length === 0) return;
    await this.#dependencies.writeItems(this.#context.collection, writes);
    this.#hasWritten = true;
  }

  #report(failure: IngestProgress['failure']): void {
    const { found, added, updated, unchanged, failed, skipped } = this.#counts;
    const done = added + updated + unchanged + failed + skipped;
    this.#context.onProgress({ done, found, chunks: this.#chunks, failure });
  }
}

interface BoundedTasks {
  /** Resolves when there is room for another task. @throws the first error of any task. */
  add(task: Promise<void>): Promise<void>;
  /** Resolves when all tasks are over, however they ended. */
  settle(): Promise<void>;
  throwFirst(): void;
}

function boundedTasks(limit: number): BoundedTasks {
  const running = new Set<Promise<void>>();
  const errors: unknown[] = [];
  const throwFirst = (): void => {
    if (errors.length > 0) throw errors[0];
  };
  return {
    async add(task) {
      const over: Promise<void> = task
        .catch((error: unknown) => void errors.push(error))
        .finally(() => running.delete(over));
      running.add(over);
      if (running.size >= limit) await Promise.race(running);
      throwFirst();
    },
    settle: async () => void (await Promise.all(running)),
    throwFirst,
  };
}

function chunkCount(prepared: PreparedItem): number {
  return prepared.documents.reduce((sum, { version }) => sum + version.chunks.length, 0);
}

/** A file that no parser takes is left out, not failed: a folder of documents may hold pictures. */
function isUnsupported(prepared: PreparedItem): boolean {
  return prepared.documents.length === 0 && prepared.problems[0]?.code === 'document_unsupported';
}

function isBelow(item: string, folders: readonly string[]): boolean {
  return folders.some((folder) => item.startsWith(`${folder}/`));
}
