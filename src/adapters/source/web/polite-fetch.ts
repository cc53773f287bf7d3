import { HoldfastError } from '../../../core/errors.ts';
import * as robotsModule from 'robots-parser';
import type { Clock } from '../../../lib/clock.ts';
import { shownUrl } from './checked-url.ts';
import type { WebAnswer, WebFetch, WebRequest } from './web-fetch.ts';

/** Waits, or rejects with the reason of the signal. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

export interface Politeness {
  readonly fetch: WebFetch;
  readonly clock: Clock;
  readonly pause: Pause;
  /** The least time between two requests to one host. */
  readonly intervalMs: number;
  /** What rules of `robots.txt` call this robot. */
  readonly robotName: string;
}

// Its types describe a module of another kind than the one that Node loads.
const robotsParser = robotsModule.default as unknown as typeof robotsModule.default.default;

const MAX_ROBOTS_BYTES = 512 * 1024;
const MAX_INTERVAL_MS = 30_000;
const TRIES = 3;
const FIRST_WAIT_MS = 1000;

/**
 * A fetch for robots, for one run over a site: asks `robots.txt` first (RFC 9309), keeps its distance between requests
 * to one host, and tries again what fails for a while. @throws HoldfastError as `WebFetch`, and `url_robots`.
 */
export function politeFetch(politeness: Politeness): WebFetch {
  const paced = pacedFetch(politeness);
  const rules = new Map<string, Promise<Rules>>();
  return async (request, signal) => {
    const { origin } = new URL(request.url);
    const known = rules.get(origin) ?? rulesOf(origin, { ...politeness, fetch: paced.fetch }, signal);
    rules.set(origin, known);
    const { allows, intervalMs } = await known;
    if (!allows(request.url))
      throw new HoldfastError('url_robots', `${origin}/robots.txt does not allow ${shownUrl(request.url)}`);
    paced.slowDown(origin, intervalMs);
    return paced.fetch(request, signal);
  };
}

interface Rules {
  readonly allows: (url: string) => boolean;
  readonly intervalMs: number;
}

/** A site without the file allows everything; one that cannot tell allows nothing. */
async function rulesOf(
  origin: string,
  { fetch, robotName }: Politeness,
  signal: AbortSignal,
): Promise<Rules> {
  const url = `${origin}/robots.txt`;
  const answer = await fetch({ url, maxBytes: MAX_ROBOTS_BYTES, isDocument: false }, signal);
  if (answer.kind === 'refused' && (answer.status >= 500 || answer.status === 429))
    throw new HoldfastError(
      'url_status',
      `${url} answers with status ${answer.status}, so nothing is allowed`,
    );
  if (answer.kind !== 'fetched') return { allows: () => true, intervalMs: 0 };
  const robots = robotsParser(url, new TextDecoder().decode(answer.bytes));
  const seconds = robots.getCrawlDelay(robotName) ?? 0;
  return {
    allows: (page) => robots.isAllowed(page, robotName) !== false,
    intervalMs: seconds > 0 ? Math.min(seconds * 1000, MAX_INTERVAL_MS) : 0,
  };
}

function pacedFetch({ fetch, clock, pause, intervalMs }: Politeness) {
  const next = new Map<string, number>();
  const intervals = new Map<string, number>();
  const turn = async (url: string, signal: AbortSignal): Promise<void> => {
    const { origin } = new URL(url);
    const now = clock.monotonic();
    const start = Math.max(now, next.get(origin) ?? now);
    next.set(origin, start + Math.max(intervalMs, intervals.get(origin) ?? 0));
    if (start > now) await pause(start - now, signal);
  };
  const tried = async (request: WebRequest, signal: AbortSignal): Promise<WebAnswer> => {
    for (let tries = 1; ; tries++) {
      await turn(request.url, signal);
      const outcome = await answerOrError(fetch(request, signal));
      const waitMs = tries === TRIES ? null : waitAfter(outcome, tries);
      if (waitMs !== null) await pause(waitMs, signal);
      else if ('error' in outcome) throw outcome.error;
      else return outcome.answer;
    }
  };
  return { fetch: tried, slowDown: (origin: string, ms: number) => void intervals.set(origin, ms) };
}

type Outcome = { readonly answer: WebAnswer } | { readonly error: unknown };

async function answerOrError(going: Promise<WebAnswer>): Promise<Outcome> {
  try {
    return { answer: await going };
  } catch (error) {
    return { error };
  }
}

/** How long to wait before another try; null when another one would end the same way. */
function waitAfter(outcome: Outcome, tries: number): number | null {
  const usual = FIRST_WAIT_MS * 4 ** (tries - 1);
  if ('error' in outcome) {
    const code = outcome.error instanceof HoldfastError ? outcome.error.code : null;
    return code === 'url_unreachable' || code === 'url_timeout' ? usual : null;
  }
  const { answer } = outcome;
  if (answer.kind !== 'refused' || !(answer.status === 429 || answer.status >= 500)) return null;
  return Math.min(answer.retryAfterMs ?? usual, MAX_INTERVAL_MS);
}
