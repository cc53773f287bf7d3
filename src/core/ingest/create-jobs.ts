import type { Catalog } from '../documents/catalog.ts';
import type { TenantId } from '../documents/ids.ts';
import type { Jobs } from '../documents/library.ts';
import { HoldfastError } from '../errors.ts';
import type { JobQueue } from './job-queue.ts';
import type { Job, JobId } from './job.ts';
import { watchJob, type WatchDependencies } from './watch-job.ts';

export interface JobsDependencies extends WatchDependencies {
  readonly queue: JobQueue;
  readonly catalog: Pick<Catalog, 'getDocument' | 'getCollection'>;
  readonly newJobId: () => JobId;
  /** Tells the worker, and those who watch, that something has changed. */
  readonly wake: () => void;
}

export function createJobs(dependencies: JobsDependencies): Jobs {
  const { queue, wake } = dependencies;
  const steered =
    (steer: (tenant: TenantId, id: JobId) => Promise<Job | null>) =>
    async (tenant: TenantId, id: JobId): Promise<Job> => {
      const job = await required(steer(tenant, id), id);
      wake();
      return job;
    };
  return {
    list: async (tenant, request) => queue.listJobs(tenant, request),
    get: async (tenant, id) => required(queue.getJob(tenant, id), id),
    watch: (tenant, id, signal) => watchJob(dependencies, { tenant, id }, signal),
    async problems(tenant, id) {
      await required(queue.getJob(tenant, id), id);
      return queue.jobProblems(tenant, id, 'failed');
    },
    cancel: steered(async (tenant, id) => queue.cancelJob(tenant, id)),
    pause: steered(async (tenant, id) => queue.pauseJob(tenant, id)),
    resume: steered(async (tenant, id) => queue.resumeJob(tenant, id)),
    retry: steered(async (tenant, id) => queue.retryJob(tenant, id)),
    retryDocuments: retryDocuments(dependencies),
  };
}

async function required(work: Promise<Job | null>, id: JobId): Promise<Job> {
  const job = await work;
  if (job === null) throw new HoldfastError('job_not_found', `there is no job ${id}`);
  return job;
}

function retryDocuments({ queue, catalog, newJobId, wake }: JobsDependencies): Jobs['retryDocuments'] {
  return async (scope, id) => {
    if (id !== null && (await catalog.getDocument(scope, id)) === null)
      throw new HoldfastError('document_not_found', `collection "${scope.collection}" has no document ${id}`);
    const job = newJobId();
    if (!(await queue.retryDocuments(scope, job, id))) return null;
    wake();
    return queue.getJob(scope.tenant, job);
  };
}
