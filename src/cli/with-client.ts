import type { Client } from '../app/client.ts';
import { connect } from '../app/connect.ts';
import type { Invocation } from './command.ts';

/** Gives `work` a client of the data folder and closes it afterwards. Only warnings are logged meanwhile. */
export async function withClient(
  invocation: Invocation,
  work: (client: Client) => Promise<number>,
): Promise<number> {
  const config = invocation.config();
  const isQuiet = config.logLevel === 'info';
  const logger = invocation.logger(isQuiet ? { ...config, logLevel: 'warn' } : config);
  await using connection = await connect(config, logger);
  return await work(connection.client);
}
