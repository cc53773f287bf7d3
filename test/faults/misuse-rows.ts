import type { Knobs } from '../../src/faults/models/knobs.ts';
import type { Toxic } from '../../src/faults/toxics.ts';
import type { Component, Wire } from './served-models.ts';

/** One way in which a model server can be wrong, and what is expected of Holdfast then. */
export interface MisuseRow {
  readonly title: string;
  /** Whom it concerns; default: all. */
  readonly of?: readonly Component[];
  readonly over?: Wire;
  /** What the server does. */
  readonly knobs?: Partial<Knobs>;
  /** It redirects to a host that nobody has set. */
  readonly redirects?: true;
  /** What the way to it does. */
  readonly toxic?: Toxic;
  /** What the language model says. */
  readonly says?: string;
  /** In the `degraded` entry. */
  readonly reason: RegExp;
  /** State of the model in `/health`. */
  readonly health: 'up' | 'down' | 'misconfigured' | 'degraded';
  /** Whether the breaker counts it as a failure. */
  readonly counts: boolean;
  /** Needs short time limits. */
  readonly isHasty?: true;
}

const PAGE = '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>';
const AS_HTML = { 'content-type': 'text/html' };
const UNUSABLE = { health: 'down', counts: true } as const;
const OUTAGE = { health: 'down', counts: true } as const;
const SETTINGS = { health: 'misconfigured', counts: false } as const;
const TEN_MINUTES_MS = 600_000;

function status(code: number, body = '', headers: Readonly<Record<string, string>> = {}): Toxic {
  return { type: 'http_status', status: code, body, headers };
}

function body(text: string): Toxic {
  return { type: 'http_body', mode: 'replace', text };
}

function only(component: Component, rows: readonly Omit<MisuseRow, 'of'>[]): readonly MisuseRow[] {
  return rows.map((row) => Object.assign({ of: [component] }, row));
}

/** What is wrong in the same way for everyone. */
const SERVERS: readonly MisuseRow[] = [
  {
    title: 'redirects to another host',
    redirects: true,
    reason: /redirects to .*refused: set the final address/,
    ...SETTINGS,
  },
  {
    title: 'is refused for its key (401)',
    knobs: { status: 401 },
    reason: /status 401.*check the API key/,
    ...SETTINGS,
  },
  {
    title: 'is refused for its rights (403)',
    knobs: { status: 403 },
    reason: /status 403.*check the API key/,
    ...SETTINGS,
  },
  {
    title: 'has no such path (404)',
    toxic: status(404, '404 page not found'),
    reason: /status 404.*address of a model server/,
    ...SETTINGS,
  },
  {
    title: 'has a web page at that path (404)',
    toxic: status(404, PAGE, AS_HTML),
    reason: /"Sign in".*address of a model server/,
    ...SETTINGS,
  },
  {
    title: 'does not take the method (405)',
    toxic: status(405),
    reason: /status 405.*address of a model server/,
    ...SETTINGS,
  },
  { title: 'fails (500)', knobs: { status: 500 }, reason: /status 500/, ...OUTAGE },
  {
    title: 'is behind a proxy with an error page (502)',
    toxic: status(502, PAGE, AS_HTML),
    reason: /status 502.*"Sign in"/,
    ...OUTAGE,
  },
  {
    title: 'answers with a login page (200)',
    toxic: status(200, PAGE, AS_HTML),
    reason: /HTML page, "Sign in"/,
    ...UNUSABLE,
  },
  {
    title: 'answers with a page that says it is JSON',
    toxic: status(200, PAGE, { 'content-type': 'application/json' }),
    reason: /HTML page|without|no list|ended/,
    ...UNUSABLE,
  },
  {
    title: 'answers with other JSON',
    knobs: { body: 'other_json' },
    reason: /no list|without|ended|empty/,
    ...UNUSABLE,
  },
  { title: 'answers with broken JSON', knobs: { body: 'garbage' }, reason: /no JSON|ended/, ...UNUSABLE },
  { title: 'answers with nothing', knobs: { body: 'empty' }, reason: /nothing|ended|without/, ...UNUSABLE },
  {
    title: 'breaks its body off',
    knobs: { body: 'truncated' },
    reason: /broke the connection off/,
    ...OUTAGE,
  },
  {
    title: 'resets connections',
    toxic: { type: 'reset_peer' },
    reason: /broke the connection off|cannot be reached/,
    ...OUTAGE,
  },
  {
    title: 'is not there',
    toxic: { type: 'down' },
    reason: /refuses connections|broke the connection off/,
    ...OUTAGE,
  },
  {
    title: 'has too many requests (429)',
    knobs: { status: 429 },
    reason: /status 429/,
    health: 'up',
    counts: false,
  },
  {
    title: 'asks to be left alone (429, Retry-After)',
    knobs: { status: 429, retryAfter: '1' },
    reason: /status 429/,
    health: 'degraded',
    counts: false,
  },
  {
    title: 'asks to be left alone (503, Retry-After)',
    knobs: { status: 503, retryAfter: '1' },
    reason: /status 503/,
    health: 'degraded',
    counts: false,
  },
  {
    title: 'refuses the request (400)',
    knobs: { status: 400 },
    reason: /status 400/,
    health: 'up',
    counts: false,
  },
  { title: 'hangs', knobs: { hangs: true }, reason: /timed out after 300 ms/, isHasty: true, ...OUTAGE },
];

const EMBEDDERS = only('embedder', [
  { title: 'has NaN in a vector', knobs: { embeddings: 'nan' }, reason: /no JSON/, ...UNUSABLE },
  {
    title: 'has null in a vector',
    knobs: { embeddings: 'null' },
    reason: /an embedding with null in it/,
    ...UNUSABLE,
  },
  {
    title: 'has infinity in a vector',
    knobs: { embeddings: 'infinite' },
    reason: /an embedding with null in it/,
    ...UNUSABLE,
  },
  {
    title: 'has vectors without direction',
    knobs: { embeddings: 'zero' },
    reason: /without a direction/,
    ...UNUSABLE,
  },
  {
    title: 'has empty vectors',
    knobs: { embeddings: 'empty' },
    reason: /0 dimensions where 384 are expected/,
    ...UNUSABLE,
  },
  { title: 'has no vectors', knobs: { embeddings: 'none' }, reason: /0 embeddings for 1 texts/, ...UNUSABLE },
  {
    title: 'has too few vectors',
    knobs: { embeddings: 'wrong_count' },
    reason: /0 embeddings for 1 texts/,
    ...UNUSABLE,
  },
  {
    title: 'has vectors of another model',
    knobs: { embeddings: 'wrong_dimension' },
    reason: /385 dimensions where 384 are expected: another model/,
    ...UNUSABLE,
  },
  { title: 'answers with 10 MB', knobs: { answerBytes: 10_000_000 }, reason: /more than 8 MiB/, ...UNUSABLE },
  {
    title: 'answers in ten minutes',
    knobs: { delayMs: TEN_MINUTES_MS },
    reason: /timed out after 300 ms/,
    isHasty: true,
    ...OUTAGE,
  },
]);

const GENERATORS = only('generator', [
  {
    title: 'begins its answer in ten minutes',
    knobs: { timeToFirstTokenMs: TEN_MINUTES_MS },
    reason: /timed out after 300 ms without a first item/,
    isHasty: true,
    ...OUTAGE,
  },
  {
    title: 'goes silent in its answer',
    knobs: { breakAfterTokens: 2, breakWith: 'stall' },
    reason: /timed out after 300 ms of silence/,
    isHasty: true,
    ...OUTAGE,
  },
  {
    title: 'closes in its answer',
    knobs: { breakAfterTokens: 2, breakWith: 'close' },
    reason: /broke the connection off/,
    ...OUTAGE,
  },
  {
    title: 'resets in its answer',
    knobs: { breakAfterTokens: 2, breakWith: 'reset' },
    reason: /broke the connection off/,
    ...OUTAGE,
  },
  {
    title: 'reports an error in its answer',
    knobs: { breakAfterTokens: 2, breakWith: 'error' },
    reason: /broke off its answer/,
    ...OUTAGE,
  },
  {
    title: 'ends in garbage',
    knobs: { breakAfterTokens: 2, breakWith: 'garbage' },
    reason: /no JSON|ended its answer in the middle/,
    ...UNUSABLE,
  },
  {
    title: 'ends without an end',
    knobs: { breakAfterTokens: 2, breakWith: 'end' },
    reason: /ended its answer in the middle/,
    ...UNUSABLE,
  },
  { title: 'says nothing', says: '', reason: /answered without any text/, ...UNUSABLE },
  { title: 'says only white space', says: ' \n \n', reason: /answered without any text/, ...UNUSABLE },
  {
    title: 'makes its answer up',
    says: 'Backups are carried to the moon by pigeons [1].',
    reason: /ungrounded/,
    health: 'up',
    counts: false,
  },
  {
    title: 'cites nothing',
    says: 'Backups run daily at 02:00.',
    reason: /ungrounded/,
    health: 'up',
    counts: false,
  },
  {
    title: 'cites passages that do not exist',
    says: 'Backups run daily at 02:00 [77].',
    reason: /ungrounded/,
    health: 'up',
    counts: false,
  },
]);

const RERANKERS = only('reranker', [
  {
    title: 'has scores that are no numbers',
    toxic: body('{"results":[{"index":0,"relevance_score":NaN}]}'),
    reason: /no JSON/,
    ...UNUSABLE,
  },
  {
    title: 'has null for a score',
    toxic: body('{"results":[{"index":0,"relevance_score":null}]}'),
    reason: /a score that is no number/,
    ...UNUSABLE,
  },
  {
    title: 'has infinite scores',
    toxic: body('{"results":[{"index":0,"relevance_score":1e999}]}'),
    reason: /a score that is no number/,
    ...UNUSABLE,
  },
  {
    title: 'judges too few',
    toxic: body('{"results":[{"index":0,"relevance_score":1}]}'),
    reason: /scores for 1 of 3 documents/,
    ...UNUSABLE,
  },
  { title: 'judges none', toxic: body('{"results":[]}'), reason: /scores for 0 of 3 documents/, ...UNUSABLE },
  {
    title: 'judges others',
    toxic: body(
      '{"results":[{"index":7,"relevance_score":1},{"index":8,"relevance_score":1},{"index":9,"relevance_score":1}]}',
    ),
    reason: /no score for document 0/,
    ...UNUSABLE,
  },
  { title: 'answers with 10 MB', knobs: { answerBytes: 10_000_000 }, reason: /more than 8 MiB/, ...UNUSABLE },
  {
    title: 'answers in ten minutes',
    knobs: { delayMs: TEN_MINUTES_MS },
    reason: /timed out after 300 ms/,
    isHasty: true,
    ...OUTAGE,
  },
]);

export const MISUSE: readonly MisuseRow[] = [...SERVERS, ...EMBEDDERS, ...GENERATORS, ...RERANKERS];
