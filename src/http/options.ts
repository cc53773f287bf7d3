import type { Clock } from '../lib/clock.ts';
import type { ObserveRequest } from './plugins/request-log.ts';
import type { Logger } from '../lib/logger.ts';
import type { StartDeadline } from './plugins/deadline.ts';

export interface HttpOptions {
  readonly version: string;
  /** Largest JSON document in bytes; every other JSON body may hold 256 KiB. */
  readonly maxBodyBytes: number;
  readonly maxUrlBytes: number;
  /** Time for a whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** What an answer may take unless the client says otherwise. */
  readonly queryTimeoutMs: number;
  /** What a search may take unless the client says otherwise. */
  readonly searchTimeoutMs: number;
  readonly startDeadline: StartDeadline;
  /** How long `drain` waits for requests in flight. */
  readonly drainMs: number;
  /** Host names allowed beside `localhost`, `127.0.0.1` and `[::1]` on a loopback address, without port. */
  readonly allowedHosts: readonly string[];
  /**
   * True: requests act as tenant `default`. False: every route under `/api/v1/rag` is `forbidden`. Set it only on a
   * loopback address or behind something that authenticates.
   */
  readonly trustLocal: boolean;
  /** Secret that lets the command line of this machine ingest any path; null: nobody may. */
  readonly localToken: string | null;
  /** Folders that every client may ingest from. */
  readonly ingestRoots: readonly string[];
  /** Is told of every response when it is over. */
  readonly observeRequest: ObserveRequest;
  readonly logger: Logger;
  readonly clock: Clock;
  /** A fresh unique id. */
  readonly newRequestId: () => string;
}

/** Limits that configuration starts from. */
export const HTTP_DEFAULTS = {
  maxBodyBytes: 32 * 1024 * 1024,
  maxUrlBytes: 8 * 1024,
  requestTimeoutMs: 120_000,
  queryTimeoutMs: 10_000,
  searchTimeoutMs: 2000,
  drainMs: 20_000,
} as const satisfies Partial<HttpOptions>;

/** Largest JSON body of a route that takes no document. */
export const JSON_BODY_BYTES = 256 * 1024;
/** Room for headers beside the URL. */
export const HEADER_BYTES = 32 * 1024;
