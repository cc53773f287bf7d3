import { once } from 'node:events';
import type { Server } from 'node:net';

/** Where to listen. Port 0 = any free one. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Resolves to `host:port` once the server listens; rejects when it cannot. */
export async function listenOn(server: Server, { host, port }: Place): Promise<string> {
  const listening = once(server, 'listening');
  server.listen(port, host);
  await listening;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  return address.family === 'IPv6'
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`;
}

/** Resolves when the server has stopped listening and its connections have ended; at once when it did not listen. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  await closed;
}
