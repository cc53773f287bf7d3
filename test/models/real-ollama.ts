import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { temporaryFolder } from '../temporary-folder.ts';
import { tinyChatModel, tinyEmbeddingModel } from './tiny-models.ts';

const START_LIMIT_MS = 30_000;
const LOOK_AGAIN_MS = 50;
const VERSION = '0.9.6';

/** A running Ollama of its own, or the one that `HOLDFAST_TEST_OLLAMA_URL` names. */
export interface RealOllama extends AsyncDisposable {
  readonly url: string;
  /** Makes a model of a GGUF file's bytes. */
  create(model: string, gguf: Buffer): Promise<void>;
}

/** Where Ollama is, or what is missing. */
export type Found = { readonly url: string } | { readonly binary: string } | { readonly missing: string };

/** Looks for a server or a binary: named by the environment, on the PATH, or where `.ci/run` puts it. */
export function findOllama(): Found {
  const { HOLDFAST_TEST_OLLAMA_URL: url, HOLDFAST_TEST_OLLAMA_BIN: named, PATH = '' } = process.env;
  if (url !== undefined && url !== '') return { url: url.replace(/\/$/, '') };
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return { binary: named };
    throw new Error(`HOLDFAST_TEST_OLLAMA_BIN names ${named}, which cannot be run`);
  }
  const places = [join(cacheFolder(), `ollama-${VERSION}`), ...PATH.split(delimiter)];
  const binary = places.map((folder) => join(folder, 'ollama')).find(isExecutable);
  if (binary !== undefined) return { binary };
  return { missing: 'no Ollama: set HOLDFAST_TEST_OLLAMA_URL, or put ollama on the PATH, or run .ci/run' };
}

/** The GGUF file of the real all-MiniLM-L6-v2 (384 numbers) where `.ci/run` puts it, or what is missing. */
export function findMinilm(): { readonly file: string } | { readonly missing: string } {
  const named = process.env['HOLDFAST_TEST_MINILM_GGUF'] ?? '';
  const file = named === '' ? join(cacheFolder(), 'all-minilm.gguf') : named;
  if (existsSync(file)) return { file };
  if (named !== '') throw new Error(`HOLDFAST_TEST_MINILM_GGUF names ${named}, which does not exist`);
  return { missing: 'no GGUF file of all-MiniLM: .ci/run makes it' };
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'holdfast');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts Ollama on a free port with an empty folder of models, or uses the named server. */
export async function startRealOllama(found: Exclude<Found, { missing: string }>): Promise<RealOllama> {
  if ('url' in found) {
    const { url } = found;
    return {
      url,
      create: async (model, gguf) => createModel(url, model, gguf),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const folder = await temporaryFolder();
  const place = `127.0.0.1:${await freePort()}`;
  const url = `http://${place}`;
  await mkdir(join(folder.path, 'models'));
  const child = spawn(found.binary, ['serve'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: folder.path,
      OLLAMA_HOST: place,
      OLLAMA_MODELS: join(folder.path, 'models'),
    },
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await folder[Symbol.asyncDispose]();
  };
  try {
    await untilAnswers(url, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, create: async (model, gguf) => createModel(url, model, gguf), [Symbol.asyncDispose]: stop };
}

/** The names that `withTinyModels` gives. */
export const TINY = { chatModel: 'holdfast-tiny-chat', embeddingModel: 'holdfast-tiny-embed', dimension: 64 };

/** Makes a chat model and an embedding model of random weights. */
export async function withTinyModels(ollama: RealOllama): Promise<void> {
  await ollama.create(TINY.chatModel, tinyChatModel());
  await ollama.create(TINY.embeddingModel, tinyEmbeddingModel());
}

async function createModel(url: string, model: string, gguf: Buffer): Promise<void> {
  const digest = `sha256:${createHash('sha256').update(gguf).digest('hex')}`;
  const blob = await fetch(`${url}/api/blobs/${digest}`, { method: 'POST', body: new Uint8Array(gguf) });
  if (!blob.ok) throw new Error(`Ollama refused the file: ${blob.status} ${await blob.text()}`);
  const body = JSON.stringify({ model, files: { 'model.gguf': digest }, stream: false });
  const made = await fetch(`${url}/api/create`, { method: 'POST', body });
  const text = await made.text();
  if (!made.ok || !text.includes('success'))
    throw new Error(`Ollama refused the model: ${made.status} ${text}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until the server answers; rejects with its log when it ends before. */
async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => (log = (log + piece).slice(-10_000)));
  const limit = AbortSignal.timeout(START_LIMIT_MS);
  while (!(await answers(url))) {
    if (child.exitCode !== null || limit.aborted) throw new Error(`Ollama did not start:\n${log}`);
    await after(LOOK_AGAIN_MS);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/api/version`)).ok;
  } catch {
    return false;
  }
}
