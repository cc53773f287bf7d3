import { isoTime, type Clock } from '../../lib/clock.ts';
import { ByteBoundedCache } from '../../lib/byte-bounded-cache.ts';
import type { Catalog } from '../documents/catalog.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { HoldfastError } from '../errors.ts';
import type { AnswerEvent, AskRequest, AskResponse } from './answer.ts';
import type { Asking } from './create-ask.ts';

export interface CacheDependencies {
  readonly catalog: Pick<Catalog, 'lastSequence' | 'listCollections'>;
  readonly clock: Clock;
  readonly newId: () => string;
  /** 0 turns the cache off. */
  readonly maxBytes: number;
  /** How old an answer may be that stands in while a fresh one cannot be had. */
  readonly maxStaleMs: number;
  /** Runs something that an answer can do without, under a signal that leaves time for the answer itself. */
  readonly sparing: <T>(signal: AbortSignal, work: (early: AbortSignal) => Promise<T>) => Promise<T>;
  /** Milliseconds that a request has left. */
  readonly timeLeftMs: (signal: AbortSignal) => number;
  /** Names the models and constants that answers depend on. */
  readonly fingerprint: string;
}

interface Kept {
  readonly response: AskResponse;
  /** State of the collections that it was made from. */
  readonly state: string;
  readonly storedAt: number;
}

/** A question that is being answered. */
interface Running {
  readonly answer: Promise<AskResponse>;
  readonly signal: AbortSignal;
}

/** Joining an answer that has less than this share of the asker's own time would make that one poorer. */
const JOINED_SHARE = 0.5;

/**
 * Remembers whole answers. An answer is fresh while nothing changed in the collections that it came from; the same
 * question asked twice at once is answered once. When a fresh answer cannot be had, an older one stands in and says
 * how old it is. Degraded answers and conversations are not kept.
 */
export function cachedAsking(asking: Asking, dependencies: CacheDependencies): Asking {
  if (dependencies.maxBytes === 0) return asking;
  const cache = new AnswerCache(asking, dependencies);
  return {
    search: asking.search,
    ask: async (request, signal) => cache.ask(request, signal),
    askStream: (request, signal) => cache.askStream(request, signal),
  };
}

class AnswerCache {
  readonly #asking: Asking;
  readonly #dependencies: CacheDependencies;
  readonly #kept: ByteBoundedCache<Kept>;
  readonly #running = new Map<string, Running>();

  constructor(asking: Asking, dependencies: CacheDependencies) {
    this.#asking = asking;
    this.#dependencies = dependencies;
    this.#kept = new ByteBoundedCache(dependencies.maxBytes);
  }

  async ask(request: AskRequest, signal: AbortSignal): Promise<AskResponse> {
    const key = keyOf(request, this.#dependencies.fingerprint);
    if (key === null) return this.#asking.ask(request, signal);
    const state = await this.#state(request, signal);
    const fresh = this.#fresh(key, state);
    if (fresh !== null) return fresh;
    try {
      return await this.#once(
        `${key} ${state}`,
        async () => {
          const response = await this.#asking.ask(request, signal);
          return this.#keep(key, { state, response });
        },
        signal,
      );
    } catch (error) {
      return this.#standIn(key, error, signal);
    }
  }

  async *askStream(request: AskRequest, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
    const key = keyOf(request, this.#dependencies.fingerprint);
    if (key === null) {
      yield* this.#asking.askStream(request, signal);
      return;
    }
    const state = await this.#state(request, signal);
    const fresh = this.#fresh(key, state);
    if (fresh !== null) {
      yield* replay(fresh);
      return;
    }
    let hasBegun = false;
    try {
      for await (const event of this.#asking.askStream(request, signal)) {
        hasBegun = true;
        yield event.type === 'final'
          ? { type: 'final', data: this.#keep(key, { state, response: event.data }) }
          : event;
      }
    } catch (error) {
      if (hasBegun) throw error;
      yield* replay(this.#standIn(key, error, signal));
    }
  }

  #fresh(key: string, state: string | null): AskResponse | null {
    const kept = this.#kept.get(key);
    if (kept === undefined || state === null || kept.state !== state) return null;
    return { ...kept.response, id: this.#dependencies.newId(), cache: 'hit' };
  }

  #keep(
    key: string,
    { state, response }: { readonly state: string | null; readonly response: AskResponse },
  ): AskResponse {
    const answered: AskResponse = { ...response, cache: 'miss' };
    if (state !== null && response.degraded.length === 0 && response.answer.mode !== 'none') {
      const bytes = 2 * JSON.stringify(response).length;
      this.#kept.set(key, { response: answered, state, storedAt: this.#dependencies.clock.now() }, bytes);
    }
    return answered;
  }

  /** Joins the same question that is being answered, unless its asker has gone or has much less time. */
  async #once(key: string, work: () => Promise<AskResponse>, signal: AbortSignal): Promise<AskResponse> {
    const { sparing, timeLeftMs, newId } = this.#dependencies;
    const running = this.#running.get(key);
    if (running !== undefined && timeLeftMs(running.signal) >= JOINED_SHARE * timeLeftMs(signal)) {
      // The other asker may have more time than this one.
      const joined = await sparing(signal, async (early) => untilAborted(early, running.answer)).catch(
        () => null,
      );
      signal.throwIfAborted();
      if (joined !== null) return { ...joined, id: newId() };
    }
    const answer = work().finally(() => {
      if (this.#running.get(key)?.answer === answer) this.#running.delete(key);
    });
    this.#running.set(key, { answer, signal });
    return answer;
  }

  #standIn(key: string, error: unknown, signal: AbortSignal): AskResponse {
    signal.throwIfAborted();
    const kept = this.#kept.get(key);
    const age =
      kept === undefined ? Number.POSITIVE_INFINITY : this.#dependencies.clock.now() - kept.storedAt;
    if (kept === undefined || age > this.#dependencies.maxStaleMs || isAskersFault(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const since = isoTime(this.#dependencies.clock);
    return {
      ...kept.response,
      id: this.#dependencies.newId(),
      cache: 'hit',
      retrieval: { ...kept.response.retrieval, mode: 'cache' },
      degraded: [{ component: 'retrieval', mode: 'stale_cache', reason, since }],
      stalenessSeconds: Math.round(age / 1000),
    };
  }

  /** What the answer depends on in the catalog; null when it cannot be read. */
  async #state(request: AskRequest, signal: AbortSignal): Promise<string | null> {
    try {
      return await untilAborted(signal, this.#stateNow(request));
    } catch {
      signal.throwIfAborted();
      return null;
    }
  }

  async #stateNow({ tenant, collections }: AskRequest): Promise<string> {
    const names = collections.length > 0 ? collections : await this.#all(tenant);
    const sequences = await Promise.all(
      names.map(async (collection) => this.#dependencies.catalog.lastSequence({ tenant, collection })),
    );
    return JSON.stringify([names, sequences]);
  }

  async #all(tenant: AskRequest['tenant']): Promise<AskRequest['collections']> {
    const { items } = await this.#dependencies.catalog.listCollections(tenant, { limit: 1000, cursor: null });
    return items.map(({ collection }) => collection);
  }
}

/** Errors that the same request would get again, however well everything works. */
function isAskersFault(error: unknown): boolean {
  return error instanceof HoldfastError && error.code.endsWith('_not_found');
}

/** Null for a conversation. */
function keyOf(request: AskRequest, fingerprint: string): string | null {
  const {
    tenant,
    query,
    collections,
    filter,
    topK,
    mode,
    distinct = false,
    maxAnswerChars,
    history,
  } = request;
  if (history !== undefined && history.length > 0) return null;
  const conditions = Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1));
  const question = query.normalize('NFC').replaceAll(/\s+/g, ' ');
  return JSON.stringify([
    tenant,
    fingerprint,
    question,
    [...collections].sort(),
    conditions,
    topK,
    mode,
    distinct,
    maxAnswerChars,
  ]);
}

function* replay(response: AskResponse): Iterable<AnswerEvent> {
  const { answer, citations, cache: _, stalenessSeconds: __, ...search } = response;
  yield { type: 'retrieval', data: search };
  for (const data of response.degraded) yield { type: 'degraded', data };
  yield { type: 'delta', data: { text: answer.text } };
  for (const data of citations) yield { type: 'citation', data };
  yield { type: 'final', data: response };
}
