import { realpath, stat } from 'node:fs/promises';
import type { Client } from '../app/client.ts';
import { keepInSync } from '../app/keep-in-sync.ts';
import type { Config } from '../config/config.ts';
import { HoldfastError, toHoldfastError } from '../core/errors.ts';
import type { WireIngestRequest, WireIngestSummary } from '../http/contract/ingest.ts';
import type { Output } from './output.ts';
import { untilStopped } from './until-stopped.ts';

export interface WatchedFolders {
  readonly collection: string;
  /** Its paths are folders. */
  readonly what: WireIngestRequest;
}

/** `holdfast ingest FOLDER --watch`: every change until Ctrl-C. */
export async function watchInto(
  client: Client,
  { collection, what }: WatchedFolders,
  { config, output }: { readonly config: Config; readonly output: Output },
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const stopped = untilStopped();
  for (const given of what.paths ?? []) {
    const folder = await requireFolder(given);
    stack.use(
      keepInSync({
        folder,
        excluded: [await realpath(config.dataDir)],
        scanMs: config.watchScanSeconds * 1000,
        async sync(paths, signal) {
          const part = paths === null ? { paths: [folder] } : { paths: [...paths], within: folder };
          const options = { signal, onJob: () => undefined, onProgress: () => undefined };
          const summary = await client.ingest(collection, { ...what, ...part }, options);
          tell(summary, output);
        },
        onFailure(error) {
          const { code, message } = toHoldfastError(error);
          output.note(`${folder}: ${message} (${code})`);
        },
        onBlind: ({ message }) =>
          output.note(`${message}; changes are found every ${config.watchScanSeconds} seconds`),
      }),
    );
    output.note(`watching ${folder}; Ctrl-C ends it`);
  }
  await stopped;
}

function tell({ files, failures }: WireIngestSummary, output: Output): void {
  const { added, updated, removed } = files;
  if (added + updated + removed > 0) output.result(`${added} added, ${updated} updated, ${removed} removed`);
  for (const { item, problem } of failures)
    output.result(`failed: ${item}: ${problem.reason} (${problem.code})`);
}

async function requireFolder(path: string): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real === null) throw new HoldfastError('path_not_found', `there is no folder ${path}`);
  if ((await stat(real)).isDirectory()) return real;
  throw new HoldfastError('invalid_usage', `--watch watches folders, and ${path} is a file`);
}
