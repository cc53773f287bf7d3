import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openService, type Service } from '../../src/app/service.ts';
import { loadConfig } from '../../src/config/config.ts';
import { DEFAULT_TENANT, type CollectionName, type Scope } from '../../src/core/documents/ids.ts';
import type { Submission } from '../../src/core/documents/library.ts';
import type { LogFields, Logger } from '../../src/lib/logger.ts';

export const NEVER = new AbortController().signal;

/** An event that a service logged. */
export interface LogEvent {
  readonly event: string;
  readonly fields: LogFields;
}

/** A logger that keeps its events. */
export function recordingLogger(events: LogEvent[] = []): Logger {
  const record = (event: string, fields: LogFields = {}): void => void events.push({ event, fields });
  return { debug: record, info: record, warn: record, error: record };
}

/** A real service in this process. */
export async function openTestService(
  dataFolder: string,
  {
    logger = recordingLogger(),
    ...environment
  }: { readonly logger?: Logger } & Record<string, string | Logger> = {},
): Promise<Service> {
  const settings = environment as Record<string, string>;
  return openService(loadConfig(settings, { data: dataFolder }), logger);
}

/** A folder that goes away with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function scopeOf(collection: string): Scope {
  return { tenant: DEFAULT_TENANT, collection: collection as CollectionName };
}

/** A text to submit under a key. */
export function textOf(key: string, text: string, more: Partial<Submission> = {}): Submission {
  return {
    key,
    name: '',
    title: null,
    uri: null,
    format: 'text',
    mediaType: null,
    metadata: {},
    bytes: Buffer.from(text),
    ...more,
  };
}

/** Ids of the documents that a search by words finds, best first, each once. */
export async function foundDocuments(
  service: Service,
  scope: Scope,
  query: string,
): Promise<readonly string[]> {
  const { results } = await service.search(
    { tenant: scope.tenant, query, collections: [scope.collection], filter: {}, topK: 100, mode: 'lexical' },
    NEVER,
  );
  return [...new Set(results.map(({ documentId }) => documentId))];
}
