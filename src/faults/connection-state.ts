import type { ConnectionToxic, Direction } from './toxics.ts';

/** What the links of a connection see of it. */
export interface Connection {
  /** Aborted when the connection has ended. */
  readonly signal: AbortSignal;
  /** 0 to 1. */
  readonly random: () => number;
  /** The toxics of data that work on this connection in this direction, now. */
  toxics(direction: Direction): readonly ConnectionToxic[];
  /** Resolves when the proxy's toxics change. Rejects when the connection has ended. */
  changed(): Promise<void>;
  passed(direction: Direction, bytes: number): void;
  /** How many of the bytes a limit still lets through; they count as used. */
  take(limit: ConnectionToxic & { readonly type: 'limit_data' }, bytes: number): number;
  /** Ends both sides; the client gets a TCP reset with `isReset`. */
  close(isReset?: boolean): void;
}
