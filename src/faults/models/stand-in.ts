import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { closeServer, listenOn } from '../listen.ts';
import { sendJson, wasCut, WireError, type Call, type ErrorBody } from './call.ts';
import { answerControl } from './control.ts';
import { createCounters, type Counters, type Counts } from './counters.ts';
import { hasFault, injectedAnswer, spared } from './inject.ts';
import { checkKnobs, HEALTHY, type CallKind, type Knobs } from './knobs.ts';
import { parsedJson, readBody } from './request-body.ts';
import { createSlots, type Slots } from './slots.ts';

/** A call as a test wants to look at it afterwards. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** A server that speaks the wire format of a model server and misbehaves on demand. */
export interface StandIn extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly knobs: Knobs;
  /** Changes some knobs, for calls that come from now on. @throws RangeError for a knob or value that does not exist. */
  set(knobs: Partial<Knobs>): void;
  /** The knobs of the construction again, no counts, no seen calls, all models cold. */
  reset(): void;
  counts(): Counts;
  /** The last 1,000 calls, oldest first. */
  seen(): readonly SeenCall[];
  /** Resolves as soon as the counts fulfil the condition. Rejects after 10 s, or when the signal is aborted. */
  until(condition: (counts: Counts) => boolean, signal?: AbortSignal): Promise<void>;
  /** Forgets which models are loaded, as a restart does. */
  unload(): void;
}

/** Settings that all stand-ins share. */
export interface StandInOptions {
  /** @default 0, a free port */
  readonly port?: number;
  /** @default 127.0.0.1 */
  readonly host?: string;
  readonly knobs?: Partial<Knobs>;
}

/** What a wire format gives to its stand-in. */
export interface WireFormat {
  /** What a call is for, or null for a path that does not exist. */
  kindOf(method: string, path: string): CallKind | null;
  /** Answers a call; throws `WireError`. */
  handle(call: Call): Promise<void>;
  /** Before anything else; throws `WireError`. */
  readonly admit?: (request: IncomingMessage) => void;
  readonly errorBody: ErrorBody;
  readonly notFound: (response: ServerResponse, path: string) => void;
  readonly unload: () => void;
}

const CONTROL = '/_faults';
const SEEN = 1000;
const PATIENCE_MS = 10_000;

/** Starts a stand-in. `makeFormat` gets the counters, so that it can count loads and tokens. */
export async function startStandIn(
  options: StandInOptions,
  makeFormat: (counters: Counters) => WireFormat,
): Promise<StandIn> {
  const first = { ...HEALTHY, ...checkKnobs({ ...options.knobs }) };
  const counters = createCounters();
  const format = makeFormat(counters);
  const state: State = {
    knobs: first,
    seen: [],
    faultable: 0,
    slots: { embed: createSlots(), chat: createSlots(), rerank: createSlots() },
    counters,
    format,
  };
  const reset = (): void => {
    Object.assign(state, { knobs: first, seen: [], faultable: 0 });
    counters.reset();
    format.unload();
  };
  const set = (knobs: Partial<Knobs>): void => {
    state.knobs = { ...state.knobs, ...checkKnobs({ ...knobs }) };
  };
  const server = createServer((request, response) => {
    const control = { knobs: () => state.knobs, counts: counters.read, set, reset };
    if (request.url === CONTROL) void answerControl(control, request, response);
    else void take(state, request, response);
  });
  const url = await listenOn(server, { host: options.host ?? '127.0.0.1', port: options.port ?? 0 });
  return {
    url: `http://${url}`,
    get knobs() {
      return state.knobs;
    },
    set,
    reset,
    counts: counters.read,
    seen: () => state.seen,
    until: async (condition, signal = AbortSignal.timeout(PATIENCE_MS)) => counters.until(condition, signal),
    unload: format.unload,
    [Symbol.asyncDispose]: async () => closeStandIn(server),
  };
}

interface State {
  knobs: Knobs;
  seen: SeenCall[];
  /** Calls so far that faults apply to. */
  faultable: number;
  /** A model for each kind, so each has a queue of its own. */
  readonly slots: Readonly<Record<Exclude<CallKind, 'models'>, Slots>>;
  readonly counters: Counters;
  readonly format: WireFormat;
}

async function closeStandIn(server: Server): Promise<void> {
  const closed = closeServer(server);
  server.closeAllConnections();
  await closed;
}

/** Reads, counts and answers one call. Never rejects. */
async function take(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { format, counters } = state;
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const method = request.method ?? 'GET';
  const kind = format.kindOf(method, path);
  if (kind === null) return format.notFound(response, path);
  counters.called(kind);
  const gone = new AbortController();
  response.once('close', () => {
    counters.ended(!response.writableFinished && !response.errored && !wasCut(response));
    gone.abort(new Error('the client went away'));
  });
  const knobs = knobsFor(state, kind);
  const call = { kind, method, path, request, response, knobs, signal: gone.signal };
  try {
    format.admit?.(request);
    const text = await readBody(request);
    remember(state, { method, path, headers: request.headers, body: looselyParsed(text) });
    if (hasFault(knobs)) counters.add('injected');
    const full = { ...call, body: undefined };
    if (await injectedAnswer(full, format.errorBody)) return;
    const whole = { ...call, body: parsedJson(text) };
    if (kind === 'models') await format.handle(whole);
    else await state.slots[kind].run(call, async () => format.handle(whole));
  } catch (error) {
    answerError({ ...call, body: undefined }, format.errorBody, error);
  }
}

function knobsFor(state: State, kind: CallKind): Knobs {
  const { knobs } = state;
  if (!knobs.faultsOn.includes(kind)) return spared(knobs);
  const number = state.faultable++;
  const isSpared = Math.floor((number + 1) * knobs.share) === Math.floor(number * knobs.share);
  return isSpared ? spared(knobs) : knobs;
}

function answerError(call: Call, errorBody: ErrorBody, error: unknown): void {
  if (call.signal.aborted || call.response.headersSent) return void call.response.destroy();
  const status = error instanceof WireError ? error.status : 500;
  const text = error instanceof Error ? error.message : String(error);
  const body = error instanceof WireError ? error.body : undefined;
  sendJson(call, status, body ?? errorBody(status, text));
}

function remember({ seen }: State, call: SeenCall): void {
  seen.push(call);
  if (seen.length > SEEN) seen.shift();
}

function looselyParsed(text: string): unknown {
  try {
    return parsedJson(text);
  } catch {
    return text;
  }
}
