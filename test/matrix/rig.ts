import assert from 'node:assert/strict';
import { cp, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ollamaStandIn } from '../../src/faults/models/ollama.ts';
import { openaiStandIn } from '../../src/faults/models/openai.ts';
import type { StandIn } from '../../src/faults/models/stand-in.ts';
import { createFaultProxy, type FaultProxy } from '../../src/faults/proxy.ts';
import { startServer, type Server } from '../end-to-end/process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { post } from './post.ts';
import { separateServer, type SeparateServer } from './separate.ts';
import { until } from './until.ts';
import { CORPUS, questionOf, type Question } from './corpus.ts';

/** The model servers that a question may need. */
export const MODELS = ['embedder', 'generator', 'reranker'] as const;
export type Model = (typeof MODELS)[number];

export const COLLECTION = 'clusters';
/** The system's own clock is shifted by this when the server gets SIGUSR2: timers must not notice. */
const JUMPING_CLOCK =
  'let jump=0;const now=Date.now;Date.now=()=>now()+jump;process.on("SIGUSR2",()=>{jump=jump===0?36e5:jump>0?-36e5:0});';

/** What came back for one question. */
export interface Reply {
  readonly question: Question;
  /** Milliseconds since the rig was opened. */
  readonly at: number;
  readonly ms: number;
  readonly status: number;
  /** Components that `degraded` names. */
  readonly degraded: readonly string[];
  readonly reasons: readonly string[];
  readonly mode: string;
  /** Why the answer is wrong; null when it is right. */
  readonly wrong: string | null;
  readonly retryAfter: string | null;
}

/** A real Holdfast in a process of its own, with a stand-in behind a proxy for every model. */
export interface Rig extends AsyncDisposable {
  readonly server: Server;
  readonly data: string;
  readonly standIns: Readonly<Record<Model, StandIn>>;
  readonly proxies: Readonly<Record<Model, FaultProxy>>;
  /** The model server that has a process of its own, where one was asked for. */
  readonly separate: SeparateServer | null;
  /** Asks the next question that was not asked before. Never rejects. */
  ask(signal?: AbortSignal): Promise<Reply>;
  /** State by breaker. */
  breakers(): Promise<ReadonlyMap<string, string>>;
  /** What the process holds. */
  footprint(): Promise<Footprint>;
  now(): number;
}

export interface Footprint {
  readonly sockets: number;
  readonly residentMb: number;
}

/** A data folder that holds the corpus, and what it stores. */
export interface Template {
  readonly folder: string;
  /** Stored text by title. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface RigOptions {
  /** Is copied; null: the data folder is as it is. */
  readonly template: Template | null;
  /** Where the data lies instead of a temporary folder. */
  readonly data?: string;
  /** False: the data folder is there already; the template only says what it holds. @default true */
  readonly isNew?: boolean;
  /** A model whose server is a process of its own. */
  readonly separate?: Model | null;
}

/** Starts everything, healthy. */
export async function openRig({
  template,
  data: place,
  isNew = true,
  separate: apart = null,
}: RigOptions): Promise<Rig> {
  const stack = new AsyncDisposableStack();
  try {
    const data = place ?? stack.use(await temporaryFolder()).path;
    if (template !== null && isNew) await cp(template.folder, data, { recursive: true });
    const standIns = {
      embedder: stack.use(await ollamaStandIn()),
      generator: stack.use(await openaiStandIn()),
      reranker: stack.use(await openaiStandIn()),
    };
    const separate =
      apart === null ? null : stack.use(await separateServer(apart === 'embedder' ? 'ollama' : 'openai'));
    const behind = async (model: Model): Promise<FaultProxy> => {
      const upstream = model === apart ? separate?.address : new URL(standIns[model].url).host;
      return stack.use(await createFaultProxy({ upstream: upstream ?? '' }));
    };
    const proxies = {
      embedder: await behind('embedder'),
      generator: await behind('generator'),
      reranker: await behind('reranker'),
    };
    const urls = {
      HOLDFAST_OLLAMA_URL: proxies.embedder.url,
      HOLDFAST_OPENAI_URL: `${proxies.generator.url}/v1`,
      HOLDFAST_RERANKER_URL: proxies.reranker.url,
    };
    const server = stack.use(await startServer(data, { environment: environment(urls) }));
    const began = performance.now();
    const now = (): number => performance.now() - began;
    let asked = 0;
    return {
      server,
      data,
      standIns,
      proxies,
      separate,
      now,
      ask: async (signal) => {
        const { reply, body } = await ask(server, { question: questionOf(asked++), at: now() }, signal);
        return template === null || body === null
          ? reply
          : { ...reply, wrong: reply.wrong ?? problemOf(body, reply.question, template) };
      },
      breakers: async () => breakersOf(server),
      footprint: async () => footprintOf(server.pid),
      [Symbol.asyncDispose]: async () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function environment(urls: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return {
    HOLDFAST_EMBEDDER: 'ollama',
    HOLDFAST_EMBEDDING_MODEL: 'all-minilm',
    HOLDFAST_GENERATOR: 'openai',
    HOLDFAST_GENERATION_MODEL: 'tiny',
    HOLDFAST_RERANKER: 'http',
    HOLDFAST_CACHE_BYTES: '0',
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(JUMPING_CLOCK)}`,
    ...urls,
  };
}

/** Puts the corpus into a data folder and waits until every passage has the encoder's vector. */
export async function makeTemplate(folder: string): Promise<Template> {
  await using rig = await openRig({ template: null, data: folder });
  const { api } = rig.server;
  await api.createCollection(COLLECTION);
  for (const { name, title, text } of CORPUS) {
    const { status } = await api.submit(COLLECTION, { id: name, title, text, format: 'markdown' });
    assert.equal(status, 201);
  }
  await until('the encoder serves every question', async () => {
    const replies = await Promise.all([rig.ask(), rig.ask(), rig.ask()]);
    return replies.every(({ wrong, degraded }) => wrong === null && degraded.length === 0);
  });
  const texts = new Map<string, string>();
  for (const { id, title } of await api.documents(COLLECTION))
    texts.set(title, await api.text(COLLECTION, id));
  rig.server.signal('SIGTERM');
  await rig.server.ended;
  return { folder, texts };
}

interface WireAnswer {
  readonly answer?: { readonly mode: string; readonly refused: boolean };
  readonly citations?: readonly {
    readonly title: string;
    readonly start: number;
    readonly end: number;
    readonly quote: string;
  }[];
  readonly degraded?: readonly { readonly component: string; readonly reason: string }[];
  readonly code?: string;
}

async function ask(
  { address }: Server,
  { question, at }: Pick<Reply, 'question' | 'at'>,
  signal: AbortSignal = AbortSignal.timeout(90_000),
): Promise<{ readonly reply: Reply; readonly body: WireAnswer | null }> {
  const began = performance.now();
  const base = { question, at, degraded: [], reasons: [], mode: 'none', retryAfter: null };
  try {
    const response = await post(`${address}/api/v1/rag/query`, {
      json: { query: question.text, collections: [COLLECTION] },
      signal,
    });
    const body = JSON.parse(response.text) as WireAnswer;
    const ms = performance.now() - began;
    const retryAfter = response.headers['retry-after'] ?? null;
    if (response.status !== 200) {
      const wrong = body.code ?? `status ${response.status}`;
      return { reply: { ...base, ms, status: response.status, wrong, retryAfter }, body: null };
    }
    const degraded = body.degraded ?? [];
    const isFlagged = (response.headers['x-degraded'] !== undefined) === degraded.length > 0;
    const reply = {
      ...base,
      ms,
      status: 200,
      degraded: degraded.map(({ component }) => component),
      reasons: degraded.map(({ reason }) => reason),
      mode: body.answer?.mode ?? 'none',
      wrong: isFlagged ? null : 'X-Degraded and degraded[] differ',
    };
    return { reply, body };
  } catch (error) {
    const reply = { ...base, ms: performance.now() - began, status: 0, wrong: String(error) };
    return { reply, body: null };
  }
}

/** An answer is right when it cites the one document that holds it, and every citation word for word. */
function problemOf(
  { answer, citations = [] }: WireAnswer,
  { about, text }: Question,
  { texts }: Template,
): string | null {
  if (answer === undefined || answer.refused) return `refused: ${text}`;
  if (!citations.some(({ title }) => title === about.title)) return `no citation of ${about.title}`;
  const inexact = citations.find(
    ({ title, start, end, quote }) => quote === '' || texts.get(title)?.slice(start, end) !== quote,
  );
  return inexact === undefined ? null : `inexact citation ${JSON.stringify(inexact.quote)}`;
}

async function breakersOf({ api }: Server): Promise<ReadonlyMap<string, string>> {
  const { dependencies } = await api.health();
  return new Map(
    dependencies.flatMap(({ name, detail }) => {
      const state = /^breaker (\w+)/.exec(detail ?? '')?.[1];
      return state === undefined ? [] : [[name, state] as const];
    }),
  );
}

async function footprintOf(pid: number): Promise<Footprint> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map(async (name) => readlink(join(folder, name)).catch(() => '')),
  );
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  return {
    sockets: links.filter((link) => link.startsWith('socket:')).length,
    residentMb: Math.round(kilobytes / 1024),
  };
}
