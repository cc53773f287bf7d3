import type { Service } from '../src/app/service.ts';
import type { Scope } from '../src/core/documents/ids.ts';
import type { IngestSummary } from '../src/core/documents/library.ts';
import { NEVER } from './temporary-service.ts';

/** One run over a folder. */
export interface Run {
  readonly summary: IngestSummary;
  readonly seconds: number;
  /** Processor time of all threads. */
  readonly cpuSeconds: number;
}

/** Takes a folder into a collection, which is made when it is not there. @throws when a document fails. */
export async function timedIngest(service: Service, scope: Scope, folder: string): Promise<Run> {
  await service.collections.ensure(scope);
  const cpu = process.cpuUsage();
  const began = performance.now();
  const summary = await service.ingest({ scope, paths: [folder] }, () => undefined, NEVER);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  if (summary.files.failed > 0) throw new Error(JSON.stringify(summary.failures[0]));
  return { summary, seconds, cpuSeconds: (user + system) / 1e6 };
}
