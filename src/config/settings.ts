import { availableParallelism } from 'node:os';
import { isIP } from 'node:net';
import { LOG_LEVELS } from '../lib/logger.ts';
import { MODEL_SETTINGS } from './model-settings.ts';
import {
  bytes,
  choice,
  integer,
  InvalidValue,
  override,
  path,
  paths,
  places,
  text,
  url,
  watches,
} from './setting.ts';
import type { Setting } from './setting.ts';

/** Every setting of Holdfast. `docs/configuration.md` shows this table, and a test holds it to it. */
export const SETTINGS = {
  dataDir: path({
    name: 'HOLDFAST_DATA_DIR',
    flag: 'data',
    default: './holdfast-data',
    description: 'The folder that holds everything Holdfast stores. One process writes it at a time.',
  }),
  host: text(
    {
      name: 'HOLDFAST_HOST',
      flag: 'host',
      type: 'loopback address',
      default: '127.0.0.1',
      description: 'The address to listen on: `localhost`, `127.0.0.1` or `::1`.',
    },
    requireLoopback,
  ),
  port: integer({
    name: 'HOLDFAST_PORT',
    flag: 'port',
    min: 0,
    max: 65_535,
    default: 8600,
    description: 'The port to listen on. 0 takes any free port.',
  }),
  maxDocumentBytes: bytes({
    name: 'HOLDFAST_MAX_DOCUMENT_BYTES',
    min: 1,
    max: 2 ** 30,
    default: '32 MiB',
    description: 'The largest file or uploaded document. A larger one fails alone, with its reason.',
  }),
  maxBodyBytes: bytes({
    name: 'HOLDFAST_MAX_BODY_BYTES',
    min: 1024,
    max: 2 ** 31,
    default: '40 MiB',
    description: 'The largest JSON document as a request body. A larger one is refused with status 413.',
  }),
  maxUploadBytes: bytes({
    name: 'HOLDFAST_MAX_UPLOAD_BYTES',
    min: 1024,
    max: 2 ** 40,
    default: '1 GiB',
    description:
      'The largest upload, all its files together; each file may have HOLDFAST_MAX_DOCUMENT_BYTES. A larger one is refused with status 413.',
  }),
  ingestRoots: paths({
    name: 'HOLDFAST_INGEST_ROOTS',
    description: 'The folders of this machine that HTTP clients may ingest. None: only uploads.',
  }),
  watch: watches({
    name: 'HOLDFAST_WATCH',
    description:
      'Folders that a server keeps collections in line with, from their first file to every change.',
  }),
  watchScanSeconds: integer({
    name: 'HOLDFAST_WATCH_SCAN_SECONDS',
    min: 1,
    max: 86_400,
    default: 300,
    description:
      'How often a watched folder is looked at as a whole, in case a change was missed, in seconds.',
  }),
  urlAllow: places({
    name: 'HOLDFAST_URL_ALLOW',
    description:
      'What may be fetched beyond public addresses on the ports 80 and 443, such as the servers of an intranet.',
  }),
  sitePages: integer({
    name: 'HOLDFAST_SITE_PAGES',
    min: 1,
    max: 1_000_000,
    default: 10_000,
    description: 'How many pages of one site are taken at most.',
  }),
  siteRequestsPerSecond: integer({
    name: 'HOLDFAST_SITE_REQUESTS_PER_SECOND',
    min: 1,
    max: 1000,
    default: 4,
    description: 'How often a site is asked for a page. A longer `Crawl-delay` of the site wins.',
  }),
  tikaUrl: url({
    name: 'HOLDFAST_TIKA_URL',
    default: undefined,
    description: 'A server of Apache Tika that reads files of formats that Holdfast has no parser for.',
  }),
  tikaTimeoutMs: integer({
    name: 'HOLDFAST_TIKA_TIMEOUT_MS',
    min: 1,
    max: 300_000,
    default: 60_000,
    description: 'How long the Tika server may work on one file, in milliseconds.',
  }),
  chunkTokens: integer({
    name: 'HOLDFAST_CHUNK_TOKENS',
    min: 32,
    max: 2000,
    default: 200,
    description: 'The size that passages are split to, in word pieces. Changing it indexes documents anew.',
  }),
  language: text(
    {
      name: 'HOLDFAST_LANGUAGE',
      type: '`auto` or an ISO 639-1 code',
      default: 'auto',
      description: 'The language of new collections. `auto` detects it for each document.',
    },
    requireLanguage,
  ),
  logLevel: choice(
    { name: 'HOLDFAST_LOG_LEVEL', default: 'info', description: 'The least important events to log.' },
    LOG_LEVELS,
  ),
  logFormat: choice(
    {
      name: 'HOLDFAST_LOG_FORMAT',
      default: 'auto',
      description: 'How log lines look. `auto` writes text on a terminal and JSON elsewhere.',
    },
    ['auto', 'json', 'text'],
  ),
  drainMs: integer({
    name: 'HOLDFAST_DRAIN_MS',
    min: 0,
    max: 600_000,
    default: 25_000,
    description: 'How long a stopping server waits for requests that are still running, in milliseconds.',
  }),
  queryTimeoutMs: integer({
    name: 'HOLDFAST_QUERY_TIMEOUT_MS',
    min: 1,
    max: 600_000,
    default: 10_000,
    description:
      'The deadline of one question, in milliseconds. Its last part is kept for the answer without models.',
  }),
  searchTimeoutMs: integer({
    name: 'HOLDFAST_SEARCH_TIMEOUT_MS',
    min: 1,
    max: 600_000,
    default: 2000,
    description: 'The deadline of one search without an answer, in milliseconds.',
  }),
  maxWaiting: integer({
    name: 'HOLDFAST_MAX_WAITING',
    min: 1,
    max: 10_000,
    default: 4,
    description:
      'How many questions may wait while more come than can be answered. Further ones are refused at once.',
  }),
  workers: {
    ...integer({
      name: 'HOLDFAST_WORKERS',
      min: 1,
      max: 256,
      default: threadsFor(availableParallelism()),
      description: 'How many threads parse and embed documents. On Linux searches go before them.',
    }),
    default: 'one less than the processor cores; 2 on 2 cores',
  },
  indexMemoryBytes: bytes({
    name: 'HOLDFAST_INDEX_MEMORY_BYTES',
    min: 2 ** 20,
    max: 2 ** 40,
    default: '1 GiB',
    description:
      'Memory for loaded indexes. When it is full, the least recently used collection is unloaded.',
  }),
  rollbackHours: integer({
    name: 'HOLDFAST_ROLLBACK_HOURS',
    min: 0,
    max: 8760,
    default: 24,
    description:
      'How long the former generation of a reindexed collection is kept, so that it can serve again at once, in hours.',
  }),
  ...MODEL_SETTINGS,
  cacheBytes: bytes({
    name: 'HOLDFAST_CACHE_BYTES',
    min: 0,
    max: 2 ** 40,
    default: '64 MiB',
    description: 'Memory for remembered answers. 0 turns the memory off.',
  }),
  maxStaleSeconds: integer({
    name: 'HOLDFAST_MAX_STALE_SECONDS',
    min: 0,
    max: 604_800,
    default: 3600,
    description:
      'How old a remembered answer may be that stands in while a fresh one cannot be had, in seconds.',
  }),
  bm25K1: override({
    name: 'HOLDFAST_BM25_K1',
    min: 0,
    max: 10,
    description: 'BM25: how soon repeating a word stops counting.',
  }),
  bm25B: override({
    name: 'HOLDFAST_BM25_B',
    min: 0,
    max: 1,
    description: 'BM25: how much longer passages are discounted.',
  }),
  titleWeight: override({
    name: 'HOLDFAST_TITLE_WEIGHT',
    min: 0,
    max: 100,
    description: 'Lexical search: the weight of a word in the title, where one in the body has 1.',
  }),
  headingWeight: override({
    name: 'HOLDFAST_HEADING_WEIGHT',
    min: 0,
    max: 100,
    description: 'Lexical search: the weight of a word in a heading, where one in the body has 1.',
  }),
  proximityWeight: override({
    name: 'HOLDFAST_PROXIMITY_WEIGHT',
    min: 0,
    max: 100,
    description: 'Lexical search: the weight of neighbouring words of the question that stand together.',
  }),
  denseWeight: override({
    name: 'HOLDFAST_DENSE_WEIGHT',
    min: 0,
    max: 1,
    description: 'Hybrid search: the share of the embedding in the score; the rest is lexical.',
  }),
} as const satisfies Record<string, Setting<unknown>>;

/** Two documents are parsed at once wherever there are two cores; of more, one is left to what else there is. */
function threadsFor(cores: number): number {
  return Math.max(Math.min(2, cores), cores - 1);
}

function requireLoopback(host: string): void {
  if (host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))) return;
  throw new InvalidValue(
    `is "${host}", which other machines may reach, and there is no authentication yet: ` +
      'use 127.0.0.1, ::1 or localhost, and put a proxy that authenticates in front',
  );
}

function requireLanguage(code: string): void {
  if (code === 'auto' || /^[a-z]{2}$/.test(code)) return;
  throw new InvalidValue(`is "${code}", expected auto or an ISO 639-1 code such as en`);
}
