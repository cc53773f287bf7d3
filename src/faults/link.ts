import type { Duplex } from 'node:stream';
import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import type { Connection } from './connection-state.ts';
import { flippedBits } from './flipped-bits.ts';
import type { ConnectionToxic, Direction } from './toxics.ts';

/** How much may wait in a link before it stops reading. */
const WAITING_LIMIT_BYTES = 4 * 2 ** 20;

/** One way of a connection. */
export interface LinkEnds {
  readonly source: Duplex;
  readonly target: Duplex;
  readonly direction: Direction;
}

interface Piece {
  /** Null = the end. */
  readonly data: Buffer | null;
  /** By the monotonic clock. */
  readonly dueMs: number;
}

/** Passes data from one side of a connection to the other, spoiled by the toxics of this direction. */
export function link(ends: LinkEnds, connection: Connection): void {
  const { source, target, direction } = ends;
  const waiting: Piece[] = [];
  let waitingBytes = 0;
  let isPumping = false;
  const pump = async (): Promise<void> => {
    isPumping = true;
    const passing = createPassing(ends, connection);
    for (let piece = waiting[0]; piece !== undefined; piece = waiting[0]) {
      await untilDue(piece.dueMs, connection.signal);
      await passing.pass(piece.data);
      waiting.shift();
      waitingBytes -= piece.data?.length ?? 0;
      if (source.isPaused() && waitingBytes < WAITING_LIMIT_BYTES) source.resume();
    }
    isPumping = false;
  };
  const take = (data: Buffer | null): void => {
    const toxics = connection.toxics(direction);
    if (data !== null) connection.passed(direction, data.length);
    if (toxics.length === 0 && !isPumping) return forward(ends, data);
    if (data === null && toxics.some(({ type }) => type === 'timeout')) return connection.close();
    waiting.push({ data, dueMs: performance.now() + latencyOf(toxics, connection.random) });
    waitingBytes += data?.length ?? 0;
    if (waitingBytes > WAITING_LIMIT_BYTES) source.pause();
    // A pump that fails belongs to a connection that has ended.
    if (!isPumping) pump().catch(() => connection.close());
  };
  source.on('data', take);
  source.once('end', () => take(null));
  target.on('drain', () => {
    if (!isPumping) source.resume();
  });
}

/** The way without toxics. */
function forward({ source, target }: LinkEnds, data: Buffer | null): void {
  if (data === null) target.end();
  else if (!target.write(data)) source.pause();
}

function latencyOf(toxics: readonly ConnectionToxic[], random: () => number): number {
  let sum = 0;
  for (const toxic of toxics)
    if (toxic.type === 'latency') sum += toxic.latencyMs + (toxic.jitterMs ?? 0) * (2 * random() - 1);
  return Math.max(0, sum);
}

async function untilDue(dueMs: number, signal: AbortSignal): Promise<void> {
  const leftMs = dueMs - performance.now();
  if (leftMs > 0) await after(leftMs, undefined, { signal });
  else signal.throwIfAborted();
}

interface Passing {
  /** Writes one piece in the way that the toxics want; null ends. */
  pass(data: Buffer | null): Promise<void>;
}

function createPassing({ target, direction }: LinkEnds, connection: Connection): Passing {
  const { signal } = connection;
  const write = async (data: Buffer): Promise<void> => {
    if (data.length > 0 && !target.write(data)) await once(target, 'drain', { signal });
  };
  const find = <Type extends ConnectionToxic['type']>(type: Type) =>
    connection
      .toxics(direction)
      .find((toxic): toxic is Extract<ConnectionToxic, { type: Type }> => toxic.type === type);
  const end = async (): Promise<void> => {
    await untilDue(performance.now() + (find('slow_close')?.delayMs ?? 0), signal);
    target.end();
  };
  const writePaced = async (data: Buffer): Promise<void> => {
    const slicer = find('slicer');
    const rate = find('bandwidth')?.bytesPerSecond ?? Number.POSITIVE_INFINITY;
    const size = Math.max(1, Math.min(slicer?.sizeBytes ?? data.length, Math.ceil(rate / 50), data.length));
    for (let from = 0; from < data.length; from += size) {
      const piece = data.subarray(from, from + size);
      const waitMs = (1000 * piece.length) / rate + (from > 0 ? (slicer?.delayMs ?? 0) : 0);
      if (waitMs > 0) await after(waitMs, undefined, { signal });
      await write(piece);
    }
  };
  return {
    async pass(data) {
      while (find('timeout') !== undefined) await connection.changed();
      if (data === null) return end();
      const corrupt = find('corrupt');
      const bytes = corrupt === undefined ? data : flippedBits(data, corrupt.everyBytes, connection.random);
      const limit = find('limit_data');
      if (limit === undefined) return writePaced(bytes);
      const left = connection.take(limit, bytes.length);
      await writePaced(bytes.subarray(0, left));
      if (left < bytes.length || limit.bytes === 0) connection.close(limit.closing === 'reset');
    },
  };
}
