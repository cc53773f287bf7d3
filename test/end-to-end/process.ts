import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../documents/checkout.ts';
import { createApi, type Api } from './api.ts';

export const BIN = join(ROOT, 'bin/holdfast.js');
const START_LIMIT_MS = 60_000;

/** How a process of Holdfast is run. */
export interface RunOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** A program that runs Node, with its arguments: `setpriv ...`. */
  readonly wrapper?: readonly string[];
  /** Another script that takes the same words. */
  readonly script?: string;
}

/** A real `holdfast serve` on a data folder, on a free port. */
export interface Server extends AsyncDisposable {
  readonly address: string;
  readonly token: string;
  readonly pid: number;
  readonly api: Api;
  /** What it wrote to standard error so far: the log. */
  log(): string;
  /** Sends the signal; the others do it too. */
  signal(name: NodeJS.Signals): void;
  /** Resolves when the process has ended: exit code and signal. */
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An environment without settings of whoever runs the tests. Compiled modules are kept: processes start faster. */
export function plainEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(HOLDFAST_|NODE_TEST|npm_)/.test(name));
  const cache = join(tmpdir(), 'holdfast-test-compile-cache');
  return { NODE_COMPILE_CACHE: cache, ...Object.fromEntries(kept), ...more };
}

/** Starts the process and does not wait for anything. */
export function spawnHoldfast(words: readonly string[], options: RunOptions = {}): ChildProcess {
  const [program = process.execPath, ...before] = [...(options.wrapper ?? []), process.execPath];
  return spawn(program, [...before, options.script ?? BIN, ...words], {
    env: plainEnvironment(options.environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** A server that has been spawned: its address is known once it listens. */
export interface StartingServer {
  /** Rejects with the log when the process ends before it listens. */
  readonly listening: Promise<Server>;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

export function spawnServer(dataFolder: string, options: RunOptions = {}): StartingServer {
  const child = spawnHoldfast(['serve', '--port', '0', '--data', dataFolder], options);
  const ended = endOf(child);
  const output = collect(child);
  const signal = (name: NodeJS.Signals): void => void child.kill(name);
  const listening = addressOf(child, output).then((address) => {
    const token = readToken(dataFolder);
    return {
      address,
      token,
      pid: child.pid ?? 0,
      api: createApi(address, token),
      log: () => output.errors,
      signal,
      ended,
      async [Symbol.asyncDispose]() {
        child.kill('SIGKILL');
        await ended;
      },
    };
  });
  listening.catch(() => undefined);
  return { listening, signal, ended };
}

export async function startServer(dataFolder: string, options: RunOptions = {}): Promise<Server> {
  return spawnServer(dataFolder, options).listening;
}

/** Empty when a full disk kept the server from writing it down. */
function readToken(dataFolder: string): string {
  const file = join(dataFolder, 'holdfast.lock.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly token: string }).token : '';
}

/** What a finished command left. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end. */
export async function runHoldfast(words: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawnHoldfast(words, options);
  const output = collect(child);
  const { code } = await endOf(child);
  return { code, stdout: output.text, stderr: output.errors };
}

/** Resolves when the process has ended and its output is complete. */
async function endOf(child: ChildProcess): Promise<Ended> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

interface Output {
  text: string;
  errors: string;
}

function collect(child: ChildProcess): Output {
  const output: Output = { text: '', errors: '' };
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => (output.text += piece));
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => (output.errors += piece));
  return output;
}

async function addressOf(child: ChildProcess, output: Output): Promise<string> {
  const address = Promise.withResolvers<string>();
  const fail = (why: string): void =>
    address.reject(new Error(`holdfast serve ${why}:\n${output.text}${output.errors}`));
  const timer = setTimeout(fail, START_LIMIT_MS, 'printed no address');
  child.stdout?.on('data', () => {
    const match = /(http:\/\/\S+) \(pid/.exec(output.text);
    if (match?.[1] !== undefined) address.resolve(match[1]);
  });
  child.once('close', (code) => fail(`ended with ${code}`));
  try {
    return await address.promise;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
