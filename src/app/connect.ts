import { readLock } from '../adapters/data-folder.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../lib/logger.ts';
import { createClient, type Client } from './client.ts';
import { openModels } from './models.ts';
import { serve } from './serve.ts';
import { openService } from './service.ts';

/** A client and what has to be closed after it. */
export interface Connection extends AsyncDisposable {
  readonly client: Client;
  /** True when another process serves the data folder. */
  readonly isRemote: boolean;
}

/**
 * Talks to the server that has the data folder, or opens the folder here, behind a private port of the loopback
 * address, so that both go through the same API.
 */
export async function connect(config: Config, logger: Logger): Promise<Connection> {
  const owner = readLock(config.dataDir);
  if (owner?.address !== undefined && owner.address !== null) {
    return {
      client: createClient(owner.address, owner.token),
      isRemote: true,
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const stack = new AsyncDisposableStack();
  try {
    const service = stack.use(await openService(config, logger, await openModels(config, logger)));
    const served = stack.use(
      await serve(service, { config, logger, listen: { host: '127.0.0.1', port: 0 } }),
    );
    const client = createClient(served.address, service.folder.token);
    return { client, isRemote: false, [Symbol.asyncDispose]: async () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
