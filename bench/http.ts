import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Config } from '../src/config/config.ts';
import { quantile } from './quantiles.ts';

const BIN = fileURLToPath(new URL('../bin/holdfast.js', import.meta.url));

export interface ServerFigures {
  /** From the start of the process to the first correct search over HTTP. */
  readonly startSeconds: number;
  readonly residentMegabytes: number;
  readonly rows: readonly (readonly string[])[];
}

/** Starts the real server on the data folder, times its start, and loads it over HTTP. */
export async function measureServer(config: Config, queries: readonly string[]): Promise<ServerFigures> {
  const began = performance.now();
  // As many may wait as there are connections: each asks again at once.
  await using server = await startServer(config.dataDir, { HOLDFAST_MAX_WAITING: '64' });
  const { address, child } = server;
  await searchOnce(address, { query: queries[0] ?? '', agent: new Agent() });
  const startSeconds = (performance.now() - began) / 1000;
  const rows = [];
  for (const connections of [1, 8, 50]) rows.push(await load(address, child, { connections, queries }));
  return { startSeconds, residentMegabytes: residentMegabytes(server), rows };
}

/** `holdfast serve` in a process of its own; disposing it ends it. */
export interface ServerProcess extends AsyncDisposable {
  readonly address: string;
  readonly child: ChildProcess;
}

/** Starts the real server on a data folder; resolves once it listens. */
export async function startServer(
  dataDir: string,
  settings: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [BIN, 'serve', '--data', dataDir, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { HOLDFAST_LOG_LEVEL: 'warn', ...settings },
  });
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  try {
    return { address: await addressOf(child), child, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Seconds from the start of `holdfast start` on an empty folder to its cited answer from the manual. */
export async function measureFirstStart(dataDir: string): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [BIN, 'start', '--data', dataDir, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {},
  });
  try {
    await addressOf(child);
    return (performance.now() - began) / 1000;
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

async function addressOf(child: ChildProcess): Promise<string> {
  let printed = '';
  for await (const text of child.stdout ?? []) {
    printed += String(text);
    const found = /http:\/\/[\d.]+:\d+/.exec(printed);
    if (found !== null) return found[0];
  }
  throw new Error(`the server ended without an address: ${printed}`);
}

interface Asked {
  readonly query: string;
  readonly agent: Agent;
}

/** Resolves when the answer is correct: status 200 and at least one result. */
async function searchOnce(address: string, { query, agent }: Asked): Promise<void> {
  const body = JSON.stringify({ query, mode: 'search', top_k: 10 });
  const sent = request(`${address}/api/v1/rag/query`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const { results } = JSON.parse(Buffer.concat(parts).toString('utf8')) as {
    readonly results?: readonly unknown[];
  };
  if (response.statusCode !== 200 || (results?.length ?? 0) === 0)
    throw new Error(`"${query}" gave status ${response.statusCode} and ${results?.length ?? 0} results`);
}

const REQUESTS = 3000;

async function load(
  address: string,
  child: ChildProcess,
  { connections, queries }: { readonly connections: number; readonly queries: readonly string[] },
): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < REQUESTS) {
      const query = queries[next++ % queries.length] ?? '';
      const began = performance.now();
      await searchOnce(address, { query, agent });
      times.push(performance.now() - began);
    }
  };
  const cpu = cpuSeconds(child);
  const began = performance.now();
  await Promise.all(Array.from({ length: connections }, worker));
  const seconds = (performance.now() - began) / 1000;
  const cpuMs = ((cpuSeconds(child) - cpu) * 1000) / REQUESTS;
  agent.destroy();
  return [
    String(connections),
    (REQUESTS / seconds).toFixed(0),
    quantile(times, 0.5).toFixed(2),
    quantile(times, 0.99).toFixed(2),
    cpuMs.toFixed(3),
  ];
}

const TICKS_PER_SECOND = 100;

/** Processor time of the server by the operating system's account (Linux). */
function cpuSeconds(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Of a process on Linux, now. */
export function residentMegabytes({ child }: Pick<ServerProcess, 'child'>): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}
