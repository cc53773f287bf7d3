import type { TenantId } from '../src/core/documents/ids.ts';
import { average } from '../eval/report.ts';
import { seededRandom, type Material } from './corpus.ts';
import { scopeOf, temporaryService, until } from './temporary-service.ts';

export interface FairnessFigures {
  readonly jobs: number;
  readonly seconds: number;
  /** Of all jobs, from the moment that all were handed over. */
  readonly meanWaitSeconds: number;
  /** The longest mean wait of a tenant over the mean of all. */
  readonly longest: number;
}

const TENANTS = 100;
const JOBS_EACH = 10;

/** Jobs of one document each by many tenants at once, in an order by chance. */
export async function fairness({ sentences }: Material): Promise<FairnessFigures> {
  await using opened = await temporaryService();
  const { documents, collections, jobs } = opened.service;
  const random = seededRandom(8602);
  const scopes = Array.from({ length: TENANTS }, (_, at) => scopeOf('notes', `tenant-${at}` as TenantId));
  for (const scope of scopes) await collections.ensure(scope);
  const order = scopes.flatMap((scope) => Array.from({ length: JOBS_EACH }, () => scope));
  order.sort(() => random() - 0.5);
  const began = Date.now();
  const accepted = await Promise.all(
    order.map(async (scope, at) => {
      const text = `${sentences[at] ?? ''}\n\nNote ${at}.`;
      const { job } = await documents.accept(scope, [
        {
          key: `note-${at}`,
          name: '',
          title: null,
          uri: null,
          format: 'text',
          mediaType: null,
          metadata: {},
          bytes: Buffer.from(text),
        },
      ]);
      return { tenant: scope.tenant, job };
    }),
  );
  const waits = new Map<TenantId, number[]>();
  for (const { tenant, job } of accepted) {
    let finishedAt: string | null = null;
    await until(async () => (finishedAt = (await jobs.get(tenant, job)).finishedAt) !== null);
    const wait = (Date.parse(String(finishedAt)) - began) / 1000;
    waits.set(tenant, [...(waits.get(tenant) ?? []), wait]);
  }
  const all = [...waits.values()].flat();
  const meanWaitSeconds = average(all);
  return {
    jobs: all.length,
    seconds: Math.max(...all),
    meanWaitSeconds,
    longest: Math.max(...[...waits.values()].map(average)) / meanWaitSeconds,
  };
}
