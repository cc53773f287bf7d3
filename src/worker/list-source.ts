import type { Catalog, KnownItem } from '../core/documents/catalog.ts';
import type { ProblemWrite } from '../core/ingest/item-changes.ts';
import type { JobQueue, ListedBatch } from '../core/ingest/job-queue.ts';
import type { ListingTask, NewTask } from '../core/ingest/job.ts';
import type { RecipeOf } from '../core/ingest/recipe.ts';
import { givenLanguageOf, judge, type Verdict } from '../core/ingest/judge.ts';
import type { SourceItem } from '../core/ingest/source.ts';
import { survey, type Survey, type SurveyDependencies } from '../core/ingest/survey.ts';
import type { WriteItems } from '../core/ingest/write-items.ts';
import { HoldfastError } from '../core/errors.ts';

export interface ListDependencies extends SurveyDependencies {
  readonly catalog: Pick<Catalog, 'getCollection' | 'knownItems' | 'getDocument' | 'storedOutcome'>;
  readonly queue: Pick<JobQueue, 'addListed' | 'endListing'>;
  readonly writeItems: WriteItems;
  readonly recipeOf: RecipeOf;
  readonly maxDocumentBytes: number;
  /** New tasks are there. */
  readonly onListed: () => void;
}

const BATCH = 256;
/** Items that are compared at the same time. */
const PARALLEL = 16;

/** The listing was superseded or cancelled: whoever did that knows. */
class LeaseLost extends Error {}

/**
 * Brings a source in line: a task for every item that is new or has changed, and what is gone is deleted. Begun again
 * after a crash it adds what its job lacks. @throws what is worth another try, such as `storage_full`.
 */
export async function listSource(
  dependencies: ListDependencies,
  task: ListingTask,
  signal: AbortSignal,
): Promise<void> {
  const run = new Listing(dependencies, task, signal);
  try {
    for (const root of task.request.roots) await run.sync(root);
    await dependencies.queue.endListing(task, null);
  } catch (error) {
    if (error instanceof LeaseLost) return;
    if (!isFinal(error)) throw error;
    await dependencies.queue.endListing(task, { code: error.code, reason: error.message });
  }
}

function isFinal(error: unknown): error is HoldfastError {
  return (
    error instanceof HoldfastError &&
    /^(path_not_found|sync_deletes_too_much|(url|site|git)_.*)$/.test(error.code)
  );
}

class Listing {
  readonly #dependencies: ListDependencies;
  readonly #task: ListingTask;
  readonly #signal: AbortSignal;
  readonly #counts = { found: 0, unchanged: 0, removed: 0 };
  #tasks: NewTask[] = [];
  #settled: ListedBatch['settled'][number][] = [];
  #problems: ProblemWrite[] = [];
  #unchanged: string[] = [];
  #stamps: ListedBatch['stamps'][number][] = [];

  constructor(dependencies: ListDependencies, task: ListingTask, signal: AbortSignal) {
    this.#dependencies = dependencies;
    this.#task = task;
    this.#signal = signal;
  }

  async sync(root: string): Promise<void> {
    const { scope, request } = this.#task;
    const { origin, force, within, patterns } = request;
    const asked = { scope, origin, root, force, within, patterns };
    const found = await survey(this.#dependencies, asked, this.#signal);
    if (found.refusal !== null) throw new HoldfastError(found.refusal.code, found.refusal.reason);
    let group: SourceItem[] = [];
    for await (const item of found.items) {
      this.#signal.throwIfAborted();
      this.#counts.found++;
      if (group.push(item) < PARALLEL) continue;
      await this.#judge(group, found);
      group = [];
    }
    await this.#judge(group, found);
    await this.#flush();
    await this.#remove(found.gone);
  }

  async #judge(items: readonly SourceItem[], { known }: Survey): Promise<void> {
    const { catalog, sources, recipeOf, maxDocumentBytes } = this.#dependencies;
    const { scope, request } = this.#task;
    const source = sources.get(request.origin);
    const collection = await catalog.getCollection(scope);
    if (source === undefined || collection === null) throw new LeaseLost();
    const { generation } = recipeOf(collection);
    const { origin, language } = request;
    const tools = { catalog, source, scope, origin, generation, language, maxDocumentBytes };
    const verdicts = await Promise.all(
      items.map(async (item) => judge(tools, item, known.get(item.item) ?? null)),
    );
    for (const verdict of verdicts) this.#take(verdict, known.get(verdict.item.item) ?? null);
    if (this.#tasks.length + this.#settled.length + this.#unchanged.length >= BATCH) await this.#flush();
  }

  #take(verdict: Verdict, known: KnownItem | null): void {
    if (verdict.kind === 'unchanged') {
      const { item, stamp } = verdict.item;
      this.#unchanged.push(item);
      const contentHash = known?.contentHash ?? null;
      if (stamp !== undefined && stamp !== known?.stamp && contentHash !== null)
        this.#stamps.push({ item, contentHash, stamp });
      return;
    }
    const { origin, language } = this.#task.request;
    const task = toTask(verdict.item, origin, givenLanguageOf(known, language));
    if (verdict.kind !== 'problem') {
      this.#tasks.push(task);
      return;
    }
    const { item, state, problem, isKnown } = verdict;
    this.#settled.push({ task, state, problem });
    if (isKnown) return;
    const { sizeBytes } = task;
    this.#problems.push({ origin, item: item.item, name: item.name, sizeBytes, state, problem });
  }

  async #flush(): Promise<void> {
    const { writeItems, onListed } = this.#dependencies;
    const batch = {
      tasks: this.#tasks,
      settled: this.#settled,
      unchanged: this.#unchanged,
      stamps: this.#stamps,
    };
    const problems = this.#problems;
    this.#tasks = [];
    this.#settled = [];
    this.#unchanged = [];
    this.#stamps = [];
    this.#problems = [];
    if (problems.length > 0) await writeItems(this.#task.scope, { items: [], problems, deletions: [] });
    await this.#add(batch);
    if (batch.tasks.length > 0) onListed();
  }

  async #add(batch: Omit<ListedBatch, 'counts'>): Promise<void> {
    const unchanged = await this.#dependencies.queue.addListed(this.#task, {
      ...batch,
      counts: this.#counts,
    });
    if (unchanged === null) throw new LeaseLost();
    this.#counts.unchanged += unchanged;
  }

  async #remove(gone: readonly KnownItem[]): Promise<void> {
    if (gone.length === 0) return;
    const deletions = gone.flatMap(({ documents }) => documents.map(({ id }) => id));
    this.#counts.removed += gone.length;
    await this.#add({ tasks: [], settled: [], unchanged: [], stamps: [] });
    await this.#dependencies.writeItems(this.#task.scope, { items: [], problems: [], deletions });
  }
}

function toTask(item: SourceItem, origin: NewTask['origin'], givenLanguage: string | null): NewTask {
  const isFile = item.kind === 'file';
  return {
    item: item.item,
    origin,
    input: {
      name: item.name,
      format: null,
      mediaType: isFile ? (item.mediaType ?? null) : null,
      title: null,
      uri: null,
      fallbackUri: isFile ? item.uri : null,
      metadata: isFile ? { path: item.path } : {},
      givenLanguage,
      ...(isFile && item.stamp !== undefined ? { stamp: item.stamp } : {}),
    },
    contentHash: null,
    sizeBytes: isFile ? item.sizeBytes : 0,
  };
}
