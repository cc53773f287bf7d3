import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCorpus, writeNotes, type Material } from './corpus.ts';
import { watched as watching, type Disturbance } from './disturbance.ts';
import { startServer, type ServerProcess } from './http.ts';
import { quantile } from './quantiles.ts';
import { until } from './temporary-service.ts';

/** Milliseconds of searches over HTTP, from the moment at which each was due. */
export interface SearchTimes {
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
  /** The client has the cores of the server: so late its threads woke meanwhile. */
  readonly lateMs: Disturbance['lateMs'];
}

export interface LiveFigures {
  readonly idle: SearchTimes;
  readonly during: SearchTimes;
  /** From the write of one file until a search finds it, in milliseconds, five times. */
  readonly changesMs: readonly number[];
  /** From the first of many files written at once until all are ready, in seconds. */
  readonly manySeconds: number;
}

const SEARCHED_FILES = 1000;
const IMPORTED_FILES = 1500;
const IDLE_SEARCHES = 1000;
/** A search is due so often: far from what the server can do. */
const EVERY_MS = 40;
const CHANGES = 5;

/** A real server: searches while it imports, and a folder that it watches. */
export async function liveIngest(many: number, material: Material): Promise<LiveFigures> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const folders = { searched: join(root, 'searched'), imported: join(root, 'imported') };
    const watched = join(root, 'watched');
    await mkdir(watched);
    await writeCorpus(folders.searched, SEARCHED_FILES, material);
    await writeCorpus(folders.imported, IMPORTED_FILES, material);
    await using server = await startServer(join(root, 'data'), {
      HOLDFAST_INGEST_ROOTS: root,
      HOLDFAST_WATCH: `watched=${watched}`,
      HOLDFAST_CACHE_BYTES: '0',
    });
    const api = apiOf(server);
    const searches = searching(api, material.queries);
    await api.ingest('searched', folders.searched);
    let isOver = false;
    await searches((count) => count < 100);
    const idle = await searches((count) => count < IDLE_SEARCHES);
    const imported = api.ingest('imported', folders.imported).finally(() => (isOver = true));
    const during = await searches(() => !isOver);
    await imported;
    const changesMs: number[] = [];
    for (let at = 0; at < CHANGES; at++) changesMs.push(await oneChange(api, watched, at));
    return { idle, during, changesMs, manySeconds: await manyChanges(api, { watched, many, material }) };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

interface Api {
  ingest(collection: string, folder: string): Promise<void>;
  /** Texts of the best ten. */
  search(collection: string, query: string): Promise<readonly string[]>;
  ready(collection: string): Promise<number>;
}

function apiOf({ address }: ServerProcess): Api {
  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const sent = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const response = await fetch(`${address}/api/v1/rag/${path}`, body === undefined ? {} : sent);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    async ingest(collection, folder) {
      await ask('collections', { name: collection });
      await ask(`collections/${collection}/ingest?wait=true`, { paths: [folder] });
    },
    async search(collection, query) {
      const found = (await ask(
        `search?collection=${collection}&query=${encodeURIComponent(query)}&max_results=10`,
      )) as { readonly results: readonly { readonly text: string }[] };
      return found.results.map(({ text }) => text);
    },
    async ready(collection) {
      const { stats } = (await ask(`collections/${collection}`)) as {
        readonly stats: { readonly documents: { readonly ready: number } };
      };
      return stats.documents.ready;
    },
  };
}

type Searches = (isNext: (count: number) => boolean) => Promise<SearchTimes>;

/** One search after the other, each when it is due or as soon after as the one before is done. */
function searching(api: Api, queries: readonly string[]): Searches {
  let next = 0;
  const searchWhile = async (isNext: (count: number) => boolean): Promise<readonly number[]> => {
    const times: number[] = [];
    let due = performance.now();
    while (isNext(times.length)) {
      const query = queries[next++ % queries.length] ?? '';
      if ((await api.search('searched', query)).length === 0) throw new Error(`nothing found for "${query}"`);
      times.push(performance.now() - due);
      const rest = due + EVERY_MS - performance.now();
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
      // Timers are late by a part of a millisecond, which is not the server's.
      due = Math.max(due + EVERY_MS, rest > 0 ? performance.now() : 0);
    }
    return times;
  };
  return async (isNext) => {
    const { value: times, disturbance } = await watching(async () => searchWhile(isNext));
    const { lateMs } = disturbance;
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), count: times.length, lateMs };
  };
}

async function oneChange(api: Api, folder: string, at: number): Promise<number> {
  const word = `quagga${at}quagga`;
  const began = performance.now();
  await writeFile(join(folder, `change-${at}.md`), `# Change ${at}\n\nThe ${word} has come.\n`);
  const isFound = async (): Promise<boolean> =>
    (await api.search('watched', word)).some((text) => text.includes(word));
  await until(isFound, 5);
  return performance.now() - began;
}

async function manyChanges(
  api: Api,
  {
    watched,
    many,
    material,
  }: { readonly watched: string; readonly many: number; readonly material: Material },
): Promise<number> {
  const before = await api.ready('watched');
  const began = performance.now();
  await writeNotes(watched, many, material);
  await until(async () => (await api.ready('watched')) >= before + many, 100);
  return (performance.now() - began) / 1000;
}
