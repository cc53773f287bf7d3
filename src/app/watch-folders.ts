import { realpath } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { DEFAULT_TENANT } from '../core/documents/ids.ts';
import { HoldfastError, toHoldfastError } from '../core/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { keepInSync } from './keep-in-sync.ts';
import type { Library } from './library.ts';

/**
 * Keeps collections in line with the folders that the configuration names, until it is disposed.
 * @throws HoldfastError `invalid_configuration` when a folder is not there.
 */
export async function watchFolders(
  { collections, ingest }: Pick<Library, 'collections' | 'ingest'>,
  config: Config,
  logger: Logger,
): Promise<AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  for (const { collection, folder } of config.watch) {
    const root = await realFolder(folder);
    const scope = { tenant: DEFAULT_TENANT, collection };
    await collections.ensure(scope);
    const fields = { collection, folder };
    stack.use(
      keepInSync({
        folder: root,
        excluded: [await realpath(config.dataDir)],
        scanMs: config.watchScanSeconds * 1000,
        async sync(paths, signal) {
          const part = paths === null ? { paths: [root] } : { paths, within: root };
          await ingest({ scope, ...part }, () => undefined, signal);
        },
        onFailure(error) {
          const { code, message } = toHoldfastError(error);
          logger.warn('watch_failed', { ...fields, code, reason: message });
        },
        onBlind: ({ message }) => logger.warn('watch_blind', { ...fields, reason: message }),
      }),
    );
  }
  return stack;
}

async function realFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    throw new HoldfastError('invalid_configuration', `HOLDFAST_WATCH: there is no folder ${folder}`, {
      cause: error,
    });
  }
}
