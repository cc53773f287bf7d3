import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connection } from './connection-state.ts';
import { createEndings } from './endings.ts';
import { link } from './link.ts';
import { resetSocket } from './reset-socket.ts';
import { isConnectionToxic, type ActiveToxic, type ConnectionToxic, type Direction } from './toxics.ts';

/** What a connection needs of its proxy. */
export interface ConnectionHost {
  readonly random: () => number;
  toxics(): readonly ActiveToxic[];
  /** Whether a toxic works on this connection. */
  isChosen(toxic: ActiveToxic): boolean;
  passed(direction: Direction, bytes: number): void;
  ended(connection: OpenConnection): void;
}

/** A connection that goes through the proxy. */
export interface OpenConnection {
  /** To be called when the proxy's toxics have changed. */
  toxicsChanged(): void;
  /** Ends both sides; the client gets a TCP reset with `isReset`. */
  close(isReset?: boolean): void;
}

/** Links a client with a server until one of them ends or a toxic does it. */
export function connect(client: Socket, server: Duplex, host: ConnectionHost): OpenConnection {
  const ended = new AbortController();
  let change = Promise.withResolvers<void>();
  change.promise.catch(() => undefined);
  const used = new Map<ActiveToxic, number>();
  const working = (): ConnectionToxic[] => host.toxics().filter(isConnectionToxic).filter(host.isChosen);

  const close = (isReset = false): void => {
    if (ended.signal.aborted) return;
    ended.abort(new Error('the connection has ended'));
    change.reject(ended.signal.reason);
    endings.set([]);
    if (isReset) resetSocket(client);
    else client.destroy();
    server.destroy();
    host.ended(open);
  };
  const endings = createEndings(close);
  const connection: Connection = {
    signal: ended.signal,
    random: host.random,
    toxics: (direction) => working().filter((toxic) => toxic.direction === direction),
    changed: async () => change.promise,
    passed: host.passed,
    take(limit, bytes) {
      const before = used.get(limit) ?? 0;
      const taken = Math.min(bytes, limit.bytes - before);
      used.set(limit, before + taken);
      return taken;
    },
    close,
  };
  const open: OpenConnection = {
    close,
    toxicsChanged() {
      if (ended.signal.aborted) return;
      endings.set(working());
      change.resolve();
      change = Promise.withResolvers<void>();
      change.promise.catch(() => undefined);
    },
  };
  for (const side of [client, server]) side.on('error', () => close(true));
  client.once('close', () => close());
  // A server that has ended in good order may leave data that is still on its way to the client.
  server.once('close', () => {
    if (!server.readableEnded) close();
  });
  link({ source: client, target: server, direction: 'upstream' }, connection);
  link({ source: server, target: client, direction: 'downstream' }, connection);
  endings.set(working());
  return open;
}
