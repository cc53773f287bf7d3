import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openModels } from '../src/app/models.ts';
import { openService, type Service } from '../src/app/service.ts';
import { loadConfig } from '../src/config/config.ts';
import { DEFAULT_TENANT, isCollectionName, type Scope } from '../src/core/documents/ids.ts';
import { createLogger } from '../src/telemetry/logger.ts';

/** A service on a data folder that goes away with it. */
export interface TemporaryService extends AsyncDisposable {
  readonly service: Service;
  /** A folder beside the data. */
  readonly corpus: string;
  readonly dataDir: string;
}

export const NEVER = new AbortController().signal;

/** Opens a service in this process, with its models. */
export async function temporaryService(
  settings: Readonly<Record<string, string>> = {},
): Promise<TemporaryService> {
  const stack = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  stack.defer(async () => rm(root, { recursive: true, force: true }));
  const dataDir = join(root, 'data');
  const config = loadConfig({ HOLDFAST_CACHE_BYTES: '0', ...settings }, { data: dataDir });
  const quiet = createLogger({ level: 'error', format: 'text' });
  const service = stack.use(await openService(config, quiet, await openModels(config, quiet)));
  return {
    service,
    corpus: join(root, 'corpus'),
    dataDir,
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  };
}

export function scopeOf(name: string, tenant = DEFAULT_TENANT): Scope {
  if (!isCollectionName(name)) throw new Error(name);
  return { tenant, collection: name };
}

/** Waits for a condition, looking every few milliseconds; returns how long that took. @throws after ten minutes. */
export async function until(condition: () => boolean | Promise<boolean>, everyMs = 20): Promise<number> {
  const began = performance.now();
  while (!(await condition())) {
    if (performance.now() - began > 600_000) throw new Error(`never came true: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return performance.now() - began;
}
