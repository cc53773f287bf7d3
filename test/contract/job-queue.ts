import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Catalog } from '../../src/core/documents/catalog.ts';
import { documentId, type Scope, type TenantId } from '../../src/core/documents/ids.ts';
import type { JobQueue, TaskCommit } from '../../src/core/ingest/job-queue.ts';
import type { DocumentTask, JobId, ListingTask, NewTask, Task } from '../../src/core/ingest/job.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { sha256Hex } from '../../src/lib/hash.ts';
import { draftOf, GENERATION, putOf, scopeOf, versionOf } from './catalog-samples.ts';

export interface JobQueueHarness {
  readonly catalog: Catalog & JobQueue;
  reopen(): Promise<Catalog & JobQueue>;
  dispose(): Promise<void>;
}

const docs = scopeOf('docs');
const LEASE_MS = 30_000;
const PROBLEM = { code: 'document_malformed', reason: 'line 1' } as const;

function jobId(name: string): JobId {
  return sha256Hex(name).slice(0, 32) as JobId;
}

function taskOf(item: string, content = item): NewTask {
  const input = {
    name: item,
    format: null,
    mediaType: null,
    title: null,
    uri: null,
    fallbackUri: null,
    metadata: {},
  };
  return { item, origin: 'api', input, contentHash: sha256Hex(content), sizeBytes: content.length };
}

function commitOf(task: DocumentTask, text: string, more: Partial<TaskCommit> = {}): TaskCommit {
  const draft = draftOf(task.scope, task.item, { origin: 'api', contentHash: task.contentHash });
  const change = { kind: 'put', draft, version: versionOf(draft, [text]) } as const;
  const counts = { documents: 1, chunks: 1, bytes: text.length };
  return { lease: task, changes: [change], outcome: 'done', problem: null, ...counts, ...more };
}

/** What every queue does; each adapter's test runs it. */
export function jobQueueContract(name: string, open: (clock: Clock) => Promise<JobQueueHarness>): void {
  describe(`job queue contract: ${name}`, () => {
    let harness: JobQueueHarness;
    let queue: Catalog & JobQueue;
    let now = 0;
    let jobs = 0;

    beforeEach(async () => {
      now = Date.UTC(2026, 0, 1);
      harness = await open({ now: () => now, monotonic: () => now });
      queue = harness.catalog;
      await create(docs);
    });
    afterEach(() => harness.dispose());

    const create = async (scope: Scope): Promise<unknown> =>
      queue.createCollection({
        ...scope,
        settings: { language: 'auto', description: '' },
        generation: GENERATION,
      });
    const upload = async (tasks: readonly NewTask[], scope = docs): Promise<JobId> => {
      const id = jobId(`job ${jobs++}`);
      await queue.enqueue(scope, { id, kind: 'upload', priority: 0, tasks });
      return id;
    };
    const sync = async (scope = docs): Promise<JobId> => {
      const id = jobId(`job ${jobs++}`);
      const request = { origin: 'folder', roots: ['/srv'], force: false } as const;
      await queue.enqueue(scope, { id, kind: 'sync', priority: 1, sync: request });
      return id;
    };
    const claim = async (limit = 1, isIdle = false): Promise<readonly Task[]> =>
      queue.claim({ limit, isIdle, leaseMs: LEASE_MS });
    const claimOne = async (): Promise<DocumentTask> => {
      const [task] = await claim();
      assert.ok(task?.kind === 'document', 'a document was to be claimed');
      return task;
    };
    const claimListing = async (): Promise<ListingTask> => {
      const [task] = await claim();
      assert.ok(task?.kind === 'listing', 'a listing was to be claimed');
      return task;
    };
    const stateOf = async (item: string): Promise<string | undefined> =>
      (await queue.getDocument(docs, documentId(docs, item)))?.state;
    const takeIn = async (task: DocumentTask, text: string): Promise<void> => {
      await queue.commitTasks(task.scope, [commitOf(task, text)]);
      await queue.finish([task]);
    };
    const textOf = async (item: string): Promise<string | null> => {
      const version = (await queue.getDocument(docs, documentId(docs, item)))?.version ?? null;
      return version === null ? null : queue.versionText(docs, version);
    };
    const documentCounts = async () => (await queue.getCollection(docs))?.stats.documents;
    const jobState = async (id: JobId): Promise<string | undefined> =>
      (await queue.getJob(docs.tenant, id))?.state;

    const listed = async (state: 'queued' | 'fetching' | 'ready'): Promise<string[]> => {
      const page = await queue.listDocuments(docs, { limit: 10, cursor: null, state });
      return page.items.map(({ sourceKey }) => sourceKey);
    };
    const failOne = async (item: string): Promise<JobId> => {
      const id = await upload([taskOf(item)]);
      const task = await claimOne();
      const draft = draftOf(docs, item, { state: 'failed', problem: PROBLEM, origin: 'api' });
      const changes = [{ kind: 'put', draft, version: null } as const];
      await queue.commitTasks(docs, [commitOf(task, '', { changes, outcome: 'failed', problem: PROBLEM })]);
      await queue.finish([task]);
      return id;
    };

    describe('a document on its way', () => {
      it('is queued, worked on step by step, indexed, and ready', async () => {
        const id = await upload([taskOf('a')]);
        assert.equal(await stateOf('a'), 'queued');
        assert.equal((await queue.getCollection(docs))?.stats.documents.pending, 1);
        now += 1000;
        const task = await claimOne();
        assert.equal(await stateOf('a'), 'fetching');
        assert.equal(await jobState(id), 'running');
        const states = [];
        for (const step of ['parse', 'split', 'embed', 'commit'] as const) {
          now += 1000;
          assert.deepEqual(await queue.heartbeat([{ ...task, step }], LEASE_MS), []);
          states.push(await stateOf('a'));
        }
        assert.deepEqual(states, ['parsing', 'splitting', 'embedding', 'indexing']);
        const since = (await queue.getDocument(docs, documentId(docs, 'a')))?.stateSince;
        assert.equal(since, new Date(now).toISOString());
        now += 1000;
        await queue.commitTasks(docs, [commitOf(task, 'text')]);
        assert.equal(await stateOf('a'), 'indexing', 'nobody has seen the index find it');
        await queue.finish([task]);
        assert.equal(await stateOf('a'), 'ready');
        const job = await queue.getJob(docs.tenant, id);
        assert.equal(job?.state, 'done');
        assert.deepEqual(
          { added: job.counts.added, documents: job.counts.documents, found: job.counts.found },
          { added: 1, documents: 1, found: 1 },
        );
        assert.equal((await queue.getCollection(docs))?.stats.documents.pending, 0);
      });

      it('can be found by the state that it shows', async () => {
        await upload([taskOf('a'), taskOf('b')]);
        const [first] = await claim();
        assert.deepEqual([await listed('queued'), await listed('fetching')], [['b'], ['a']]);
        await takeIn(first as DocumentTask, 'text');
        assert.deepEqual([await listed('ready'), await listed('fetching')], [['a'], []]);
        await upload([taskOf('a', 'newer')]);
        assert.deepEqual([await listed('ready'), await listed('queued')], [[], ['a', 'b']]);
      });

      it('that waits to be tried again says why, and is not given out before its time', async () => {
        const id = await upload([taskOf('a')]);
        const problem = { code: 'storage_full', reason: 'No space.' } as const;
        await queue.retryLater(await claimOne(), now + 5000, problem);
        const record = await queue.getDocument(docs, documentId(docs, 'a'));
        assert.deepEqual([record?.state, record?.problem, record?.tries], ['queued', problem, 1]);
        assert.deepEqual((await queue.getJob(docs.tenant, id))?.problem, problem);
        assert.equal(await queue.nextDue(), now + 5000);
        assert.deepEqual(await claim(), []);
        now += 5000;
        const again = await claimOne();
        assert.equal(again.tries, 2);
        await takeIn(again, 'text');
        assert.equal((await queue.getDocument(docs, documentId(docs, 'a')))?.tries, 2);
        assert.equal((await queue.getJob(docs.tenant, id))?.problem, null);
      });

      it('that fails keeps the version that it had', async () => {
        await upload([taskOf('a')]);
        await takeIn(await claimOne(), 'old');
        const id = await upload([taskOf('a', 'broken')]);
        const task = await claimOne();
        const draft = draftOf(docs, 'a', { state: 'failed', problem: PROBLEM, origin: 'api' });
        const changes = [{ kind: 'put', draft, version: null } as const];
        await queue.commitTasks(docs, [commitOf(task, '', { changes, outcome: 'failed', problem: PROBLEM })]);
        await queue.finish([task]);
        assert.deepEqual([await stateOf('a'), await textOf('a')], ['failed', 'old']);
        assert.deepEqual(await queue.jobProblems(docs.tenant, id, 'failed'), [
          { item: 'a', problem: PROBLEM },
        ]);
        assert.equal(await jobState(id), 'done');
      });
    });

    describe('versions that follow each other', () => {
      it('the newer one supersedes the older one while it is queued', async () => {
        const older = await upload([taskOf('a', 'one')]);
        const newer = await upload([taskOf('a', 'two')]);
        assert.equal(await jobState(older), 'done');
        assert.equal((await queue.getJob(docs.tenant, older))?.counts.superseded, 1);
        const task = await claimOne();
        assert.equal(task.contentHash, sha256Hex('two'));
        await takeIn(task, 'two');
        assert.deepEqual([await stateOf('a'), await jobState(newer)], ['ready', 'done']);
        assert.deepEqual(await claim(), []);
      });

      it('the older one writes nothing once the newer one was accepted', async () => {
        await upload([taskOf('a', 'one')]);
        const older = await claimOne();
        await upload([taskOf('a', 'two')]);
        const { lost } = await queue.commitTasks(docs, [commitOf(older, 'one')]);
        assert.deepEqual(lost, [older.task]);
        assert.deepEqual([await stateOf('a'), await textOf('a')], ['queued', null]);
        assert.deepEqual(await queue.heartbeat([{ ...older, step: 'parse' }], LEASE_MS), [older.task]);
        await queue.retryLater(older, 0, PROBLEM);
        await queue.release([older]);
        await queue.finish([older]);
        assert.equal(await stateOf('a'), 'queued');
        await takeIn(await claimOne(), 'two');
        assert.deepEqual([await stateOf('a'), await textOf('a')], ['ready', 'two']);
      });

      it('the newer one comes between the commit and the end of the older one', async () => {
        const first = await upload([taskOf('a', 'one')]);
        const older = await claimOne();
        await queue.commitTasks(docs, [commitOf(older, 'one')]);
        const second = await upload([taskOf('a', 'two')]);
        await queue.finish([older]);
        assert.deepEqual([await stateOf('a'), await textOf('a')], ['queued', 'one']);
        assert.equal(await jobState(first), 'done');
        const newer = await claimOne();
        assert.equal(newer.isCommitted, false);
        await takeIn(newer, 'two');
        assert.deepEqual(
          [await stateOf('a'), await textOf('a'), await jobState(second)],
          ['ready', 'two', 'done'],
        );
      });

      it('of one item sent twice in a job the last one stays', async () => {
        const id = await upload([taskOf('a', 'one'), taskOf('a', 'two')]);
        assert.equal((await queue.getJob(docs.tenant, id))?.counts.found, 1);
        assert.equal((await claimOne()).contentHash, sha256Hex('two'));
      });

      it('a version that waits for another try gives way as well', async () => {
        await upload([taskOf('a', 'one')]);
        await queue.retryLater(await claimOne(), now + 60_000, PROBLEM);
        await upload([taskOf('a', 'two')]);
        await takeIn(await claimOne(), 'two');
        now += 60_000;
        assert.deepEqual(await claim(), []);
        assert.deepEqual([await stateOf('a'), await textOf('a')], ['ready', 'two']);
      });
    });

    describe('deleting', () => {
      it('a queued document ends its task', async () => {
        const id = await upload([taskOf('a')]);
        await queue.commit(docs, [{ kind: 'delete', id: documentId(docs, 'a') }]);
        assert.deepEqual([await stateOf('a'), await jobState(id)], [undefined, 'done']);
        assert.deepEqual(await claim(), []);
        assert.equal((await queue.getCollection(docs))?.stats.documents.total, 0);
      });

      it('a document that is worked on leaves the worker nothing to write', async () => {
        await upload([taskOf('a')]);
        const task = await claimOne();
        await queue.commit(docs, [{ kind: 'delete', id: documentId(docs, 'a') }]);
        assert.deepEqual((await queue.commitTasks(docs, [commitOf(task, 'text')])).lost, [task.task]);
        assert.equal(await stateOf('a'), undefined);
      });

      it('and uploading again leaves the upload', async () => {
        await upload([taskOf('a', 'one')]);
        const older = await claimOne();
        await queue.commit(docs, [{ kind: 'delete', id: documentId(docs, 'a') }]);
        await upload([taskOf('a', 'two')]);
        await queue.commitTasks(docs, [commitOf(older, 'one')]);
        await takeIn(await claimOne(), 'two');
        assert.deepEqual([await stateOf('a'), await textOf('a')], ['ready', 'two']);
      });

      it('the collection takes its jobs and tasks along', async () => {
        const id = await upload([taskOf('a')]);
        const task = await claimOne();
        const { orphanedContent } = await queue.deleteCollection(docs);
        assert.deepEqual(orphanedContent, [sha256Hex('a')]);
        await create(docs);
        assert.equal(await queue.getJob(docs.tenant, id), null);
        assert.deepEqual((await queue.commitTasks(docs, [commitOf(task, 'text')])).lost, [task.task]);
        assert.deepEqual([await claim(), await stateOf('a')], [[], undefined]);
      });
    });

    describe('a process that dies', () => {
      it('between the acceptance and the claim loses nothing', async () => {
        await upload([taskOf('a')]);
        queue = await harness.reopen();
        assert.equal(await queue.recover('all'), 0);
        assert.equal(await stateOf('a'), 'queued');
        await takeIn(await claimOne(), 'text');
        assert.equal(await stateOf('a'), 'ready');
      });

      it('in the middle leaves a task that is queued again', async () => {
        await upload([taskOf('a')]);
        await claimOne();
        queue = await harness.reopen();
        assert.equal(await queue.recover('all'), 1);
        assert.equal(await stateOf('a'), 'queued');
        await takeIn(await claimOne(), 'text');
        assert.equal(await stateOf('a'), 'ready');
      });

      it('between the commit and the end goes on at the index', async () => {
        const id = await upload([taskOf('a')]);
        await queue.commitTasks(docs, [commitOf(await claimOne(), 'text')]);
        queue = await harness.reopen();
        await queue.recover('all');
        const again = await claimOne();
        assert.equal(again.isCommitted, true);
        assert.equal(await stateOf('a'), 'indexing');
        await queue.finish([again]);
        assert.deepEqual([await stateOf('a'), await jobState(id)], ['ready', 'done']);
      });

      it('three times is the fault of the document, which is alone the third time', async () => {
        const id = await upload([taskOf('a'), taskOf('b')]);
        for (let crash = 0; crash < 2; crash++) {
          assert.equal((await claim(2)).length, 2);
          await queue.recover('all');
        }
        assert.deepEqual(await claim(2, true), [], 'others go first for a while');
        now += 1000;
        assert.deepEqual(await claim(2, false), [], 'what runs ends first');
        const [alone, ...others] = await claim(2, true);
        assert.equal(others.length, 0);
        assert.ok(alone?.kind === 'document' && alone.isAlone);
        await queue.recover('all');
        const failed = await queue.getDocument(docs, documentId(docs, alone.item));
        assert.deepEqual([failed?.state, failed?.problem?.code], ['failed', 'document_crashes']);
        const [innocent] = await claim(2, true);
        assert.ok(innocent?.kind === 'document' && innocent.item !== alone.item);
        await takeIn(innocent, 'text');
        assert.deepEqual(await jobState(id), 'done');
        const stats = await documentCounts();
        assert.deepEqual(stats, { total: 2, ready: 1, failed: 1, skipped: 0, pending: 0 });
      });

      it('three times over a list of records says so beside the records that are there', async () => {
        const records = ['list#1', 'list#2'].map((key) => {
          return putOf(docs, key, ['old'], { origin: 'api', item: 'list' });
        });
        await queue.commit(docs, records);
        await upload([taskOf('list', 'new')]);
        for (let crash = 0; crash < 3; crash++) {
          await claim(1, true);
          await queue.recover('all');
          now += 1000;
        }
        assert.deepEqual([await stateOf('list'), await stateOf('list#1')], ['failed', 'ready']);
        assert.equal(await queue.retryDocuments(docs, jobId('again'), documentId(docs, 'list')), true);
        assert.equal((await claimOne()).contentHash, sha256Hex('new'));
      });

      it('no document stays in a working state longer than its lease without an owner', async () => {
        await upload([taskOf('owned'), taskOf('left')]);
        const [owned, left] = (await claim(2)) as DocumentTask[];
        assert.ok(owned !== undefined && left !== undefined);
        const states: unknown[] = [];
        for (let beat = 1; beat <= 5; beat++) {
          now += 10_000;
          await queue.heartbeat([{ ...owned, step: 'parse' }], LEASE_MS);
          await queue.recover('expired');
          states.push([await stateOf(owned.item), await stateOf(left.item)]);
        }
        const owner = ['parsing', 'fetching'];
        const none = ['parsing', 'queued'];
        assert.deepEqual(states, [owner, owner, owner, none, none]);
        assert.deepEqual((await queue.commitTasks(docs, [commitOf(left, 'late')])).lost, [left.task]);
      });
    });

    describe('steering a job', () => {
      it('a cancelled one leaves what is done, and says so of what is not', async () => {
        await upload([taskOf('old')]);
        await takeIn(await claimOne(), 'old text');
        const id = await upload([taskOf('done'), taskOf('busy'), taskOf('waiting'), taskOf('old', 'new')]);
        const [done, busy] = (await claim(2)) as DocumentTask[];
        assert.ok(done !== undefined && busy !== undefined);
        await takeIn(done, 'text');
        const job = await queue.cancelJob(docs.tenant, id);
        assert.deepEqual([job?.state, job?.counts.cancelled, job?.counts.queued], ['cancelled', 3, 0]);
        assert.deepEqual((await queue.commitTasks(docs, [commitOf(busy, 'x')])).lost, [busy.task]);
        const states = await Promise.all(['done', 'busy', 'waiting', 'old'].map(stateOf));
        assert.deepEqual(states, ['ready', 'skipped', 'skipped', 'ready']);
        assert.equal(await textOf('old'), 'old text');
        const stats = (await queue.getCollection(docs))?.stats.documents;
        assert.deepEqual(stats, { total: 4, ready: 2, failed: 0, skipped: 2, pending: 0 });
        assert.deepEqual(await claim(), []);
        assert.equal((await queue.cancelJob(docs.tenant, id))?.state, 'cancelled');
      });

      it('a paused one gives out nothing until it goes on', async () => {
        const id = await upload([taskOf('a'), taskOf('b')]);
        const first = await claimOne();
        assert.equal((await queue.pauseJob(docs.tenant, id))?.state, 'paused');
        assert.deepEqual(await claim(), []);
        await takeIn(first, 'text');
        assert.equal(await stateOf('a'), 'ready');
        assert.equal((await queue.resumeJob(docs.tenant, id))?.state, 'running');
        await takeIn(await claimOne(), 'text');
        assert.equal(await jobState(id), 'done');
      });

      it('one whose last task ends while it is paused has ended', async () => {
        const id = await upload([taskOf('a')]);
        const task = await claimOne();
        await queue.pauseJob(docs.tenant, id);
        await takeIn(task, 'text');
        assert.equal(await jobState(id), 'done');
      });

      it('a retry tries what failed again, and only that', async () => {
        const id = await failOne('a');
        const job = await queue.retryJob(docs.tenant, id);
        assert.deepEqual([job?.state, job?.counts.failed, job?.counts.queued], ['queued', 0, 1]);
        await takeIn(await claimOne(), 'text');
        assert.deepEqual([await stateOf('a'), await jobState(id)], ['ready', 'done']);
        assert.equal((await queue.retryJob(docs.tenant, id))?.state, 'done');
        assert.deepEqual(await claim(), []);
      });

      it('a retry of an old failure does not touch a newer version', async () => {
        const id = await failOne('a');
        await upload([taskOf('a', 'newer')]);
        await takeIn(await claimOne(), 'newer');
        await queue.retryJob(docs.tenant, id);
        assert.deepEqual([await claim(), await textOf('a')], [[], 'newer']);
      });

      it('failed documents are tried again under a new job, one or all', async () => {
        await failOne('a');
        await failOne('b');
        assert.equal(await queue.retryDocuments(docs, jobId('one'), documentId(docs, 'a')), true);
        const task = await claimOne();
        assert.deepEqual([task.item, task.contentHash], ['a', sha256Hex('a')]);
        await takeIn(task, 'text');
        assert.equal(await queue.retryDocuments(docs, jobId('two'), documentId(docs, 'a')), false);
        assert.equal(await queue.retryDocuments(docs, jobId('three'), null), true);
        await takeIn(await claimOne(), 'text');
        assert.deepEqual([await stateOf('a'), await stateOf('b')], ['ready', 'ready']);
        assert.equal(await queue.retryDocuments(docs, jobId('four'), null), false);
      });

      it('a failed document that has no task any more is tried again from what it says', async () => {
        const draft = draftOf(docs, 'x/old.md', { state: 'failed', problem: PROBLEM });
        await queue.commit(docs, [{ kind: 'put', draft, version: null }]);
        assert.equal(await queue.retryDocuments(docs, jobId('old'), null), true);
        const task = await claimOne();
        assert.deepEqual(
          [task.item, task.origin, task.input.name, task.contentHash],
          ['x/old.md', 'folder', 'old.md', null],
        );
      });

      it('a job of another tenant is not there', async () => {
        const id = await upload([taskOf('a')]);
        const other = scopeOf('docs', 'other').tenant;
        for (const steer of ['getJob', 'cancelJob', 'pauseJob', 'resumeJob', 'retryJob'] as const)
          assert.equal(await queue[steer](other, id), null);
        assert.deepEqual((await queue.listJobs(other, { limit: 10, cursor: null })).items, []);
      });
    });

    describe('turns', () => {
      it('an upload goes before an import, which still gets every eighth turn', async () => {
        const importing = jobId('import');
        const many = Array.from({ length: 40 }, (_, at) => taskOf(`import-${at}`));
        await queue.enqueue(docs, { id: importing, kind: 'sync', priority: 1, tasks: many });
        await upload(Array.from({ length: 40 }, (_, at) => taskOf(`upload-${at}`)));
        const turns = (await claim(16)).map((task) => (task.job === importing ? 'i' : 'u')).join('');
        assert.equal(turns, 'uuuuuuuiuuuuuuui');
      });

      it('tenants take turns, however many jobs one has', async () => {
        const scopes = ['a', 'b', 'c'].map((tenant) => scopeOf('docs', tenant));
        for (const scope of scopes) await create(scope);
        const [a, b, c] = scopes;
        assert.ok(a !== undefined && b !== undefined && c !== undefined);
        await upload(
          Array.from({ length: 20 }, (_, at) => taskOf(`a-${at}`)),
          a,
        );
        for (const scope of [b, c]) for (const item of ['1', '2']) await upload([taskOf(item)], scope);
        const turns = (await claim(8)).map(({ scope }) => scope.tenant).join('');
        assert.equal(turns, 'abcabcaa');
      });

      it('a collection is listed for one job at a time, in the order they came', async () => {
        const first = await sync();
        const second = await sync();
        const listing = await claimListing();
        assert.equal(listing.job, first);
        assert.deepEqual(await claim(), []);
        await queue.endListing(listing, null);
        assert.equal((await claimListing()).job, second);
      });
    });

    describe('a listing', () => {
      const counts = { found: 3, unchanged: 0, removed: 0 };

      it('adds tasks to its job, which ends with the last of them', async () => {
        const id = await sync();
        const listing = await claimListing();
        assert.deepEqual(listing.request, { origin: 'folder', roots: ['/srv'], force: false });
        const settled = [{ task: taskOf('bad'), state: 'failed', problem: PROBLEM } as const];
        const batch = { tasks: [taskOf('a')], settled, unchanged: ['same'], stamps: [], counts };
        assert.equal(await queue.addListed(listing, batch), 1);
        const task = await claimOne();
        await takeIn(task, 'text');
        assert.equal(await jobState(id), 'running', 'it is still being listed');
        await queue.endListing(listing, null);
        const job = await queue.getJob(docs.tenant, id);
        const { found, added, unchanged, failed } = job?.counts ?? {};
        assert.deepEqual([job?.state, found, added, unchanged, failed], ['done', 3, 1, 1, 1]);
      });

      it('that begins again does not count or do anything twice', async () => {
        const id = await sync();
        const batch = { tasks: [taskOf('a')], settled: [], unchanged: ['same'], stamps: [], counts };
        await queue.addListed(await claimListing(), batch);
        await takeIn(await claimOne(), 'text');
        await queue.recover('all');
        const again = await claimListing();
        const second = { tasks: [taskOf('b')], settled: [], unchanged: ['a', 'same'], stamps: [], counts };
        assert.equal(await queue.addListed(again, second), 1);
        await queue.endListing(again, null);
        await takeIn(await claimOne(), 'text');
        const job = await queue.getJob(docs.tenant, id);
        assert.deepEqual([job?.state, job?.counts.added, job?.counts.unchanged], ['done', 2, 1]);
      });

      it('renews the stamps of what is unchanged, and of nothing else', async () => {
        await upload([taskOf('a'), taskOf('b')]);
        for (let left = 2; left > 0; left--) await takeIn(await claimOne(), 'text');
        await sync();
        const stamps = [
          { item: 'a', contentHash: sha256Hex('a'), stamp: 'new' },
          { item: 'b', contentHash: sha256Hex('other'), stamp: 'new' },
        ];
        const batch = { tasks: [], settled: [], unchanged: ['a', 'b'], stamps, counts };
        assert.equal(await queue.addListed(await claimListing(), batch), 2);
        const stampOf = async (item: string): Promise<string | null | undefined> =>
          (await queue.knownItems(docs, 'api', item))[0]?.stamp;
        assert.deepEqual([await stampOf('a'), await stampOf('b')], ['new', null]);
      });

      it('that fails fails its job with the reason', async () => {
        const id = await sync();
        const problem = { code: 'path_not_found', reason: 'There is no /srv.' } as const;
        await queue.endListing(await claimListing(), problem);
        const job = await queue.getJob(docs.tenant, id);
        assert.deepEqual([job?.state, job?.problem, job?.isListing], ['failed', problem, false]);
        assert.equal((await queue.retryJob(docs.tenant, id))?.state, 'queued');
        await queue.endListing(await claimListing(), null);
        assert.equal(await jobState(id), 'done');
      });

      it('that was cancelled adds nothing', async () => {
        const id = await sync();
        const listing = await claimListing();
        await queue.cancelJob(docs.tenant, id);
        const batch = { tasks: [taskOf('a')], settled: [], unchanged: [], stamps: [], counts };
        assert.equal(await queue.addListed(listing, batch), null);
        assert.equal(await queue.endListing(listing, null), false);
        assert.equal(await stateOf('a'), undefined);
      });
    });

    it('goes on in the generation that goes live while work is queued and being done', async () => {
      await upload([taskOf('a', 'one')]);
      await takeIn(await claimOne(), 'one');
      const id = await upload([taskOf('new'), taskOf('busy')]);
      const [first] = (await claim(1)) as DocumentTask[];
      assert.ok(first !== undefined);
      const made = await queue.createGeneration(docs, {
        language: 'auto',
        chunkTokens: 50,
        embedder: null,
        generation: GENERATION,
        questions: [],
      });
      await queue.activateGeneration(made.scope);
      assert.deepEqual([await stateOf('new'), await stateOf('busy')], ['fetching', 'queued']);
      assert.equal((await documentCounts())?.pending, 2);
      await takeIn(first, 'text');
      await takeIn(await claimOne(), 'text');
      assert.deepEqual([await stateOf('new'), await stateOf('busy')], ['ready', 'ready']);
      assert.deepEqual([await jobState(id), (await documentCounts())?.pending], ['done', 0]);
      const previous = (await queue.generations(docs)).find(({ state }) => state === 'previous');
      assert.equal(previous?.stats.documents.pending, 0);
    });

    describe('originals', () => {
      it('are used by a task that has not ended, and by documents', async () => {
        const hash = sha256Hex('a');
        assert.equal(await queue.isContentUsed(hash), false);
        await upload([taskOf('a')]);
        assert.equal(await queue.isContentUsed(hash), true);
        await takeIn(await claimOne(), 'text');
        assert.equal(await queue.isContentUsed(hash), true);
        const [applied] = (await queue.commit(docs, [{ kind: 'delete', id: documentId(docs, 'a') }])).applied;
        assert.equal(applied?.orphanedContent, hash);
        assert.equal(await queue.isContentUsed(hash), false);
      });

      it('have a size for the tenant that has them, and for no other', async () => {
        const hash = sha256Hex('a');
        const other = { tenant: 'other' as TenantId, collection: docs.collection };
        await create(other);
        const sizes = async () =>
          Promise.all([docs.tenant, other.tenant].map(async (tenant) => queue.contentSize(tenant, hash)));
        assert.deepEqual(await sizes(), [null, null]);
        const { sizeBytes } = taskOf('a');
        await upload([taskOf('a')]);
        assert.deepEqual(await sizes(), [sizeBytes, null]);
        await takeIn(await claimOne(), 'text');
        const known = (await queue.getDocument(docs, documentId(docs, 'a')))?.sizeBytes ?? null;
        assert.deepEqual(await sizes(), [known, null]);
        await queue.commit(docs, [{ kind: 'delete', id: documentId(docs, 'a') }]);
        assert.deepEqual(await sizes(), [null, null]);
      });

      it('of superseded and cancelled tasks are named until they are let go of', async () => {
        await upload([taskOf('a', 'one')]);
        const id = await upload([taskOf('a', 'two')]);
        await queue.cancelJob(docs.tenant, id);
        const left = await queue.leftContent(10);
        assert.deepEqual(left.toSorted(), [sha256Hex('one'), sha256Hex('two')].toSorted());
        await queue.forgetContent(left);
        assert.deepEqual(await queue.leftContent(10), []);
      });
    });

    it('forgets old jobs and keeps those that a retry needs', async () => {
      for (let at = 0; at < 5; at++) {
        await upload([taskOf(`${at}`)]);
        await takeIn(await claimOne(), 'text');
      }
      const unfinished = await upload([taskOf('later')]);
      while (await queue.prune(2));
      const { items } = await queue.listJobs(docs.tenant, { limit: 10, cursor: null });
      assert.equal(items.length, 2);
      assert.equal(items[0]?.id, unfinished);
    });

    it('lists jobs page by page, the newest first, and by state', async () => {
      const ids = [];
      for (const item of ['a', 'b', 'c']) ids.push(await upload([taskOf(item)]));
      await claim();
      const first = await queue.listJobs(docs.tenant, { limit: 2, cursor: null });
      const second = await queue.listJobs(docs.tenant, { limit: 2, cursor: first.nextCursor });
      assert.deepEqual(
        [...first.items, ...second.items].map(({ id }) => id),
        ids.toReversed(),
      );
      assert.equal(second.nextCursor, null);
      const running = await queue.listJobs(docs.tenant, { limit: 9, cursor: null, state: 'running' });
      assert.deepEqual(
        running.items.map(({ id }) => id),
        [ids[0]],
      );
      await assert.rejects(queue.listJobs(docs.tenant, { limit: 9, cursor: 'x' }), {
        code: 'invalid_cursor',
      });
    });

    it('refuses work for a collection that is not there', async () => {
      await assert.rejects(upload([taskOf('a')], scopeOf('none')), { code: 'collection_not_found' });
    });

    it('leaves documents without tasks as they are', async () => {
      await queue.commit(docs, [putOf(docs, 'a')]);
      assert.equal(await queue.recover('all'), 0);
      assert.equal(await stateOf('a'), 'ready');
    });
  });
}
