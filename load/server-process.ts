import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../bin/holdfast.js', import.meta.url));

/** A real `holdfast serve` in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly address: string;
}

/** Starts a server on the data folder, on a free port of 127.0.0.1, with these settings and no others. */
export async function startServer(
  dataDir: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const words = [BIN, 'serve', '--data', dataDir, '--port', '0', '--json'];
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { HOLDFAST_LOG_LEVEL: 'error', HOLDFAST_CACHE_BYTES: '0', ...environment },
  });
  const { address } = (await firstDocument(child)) as { readonly address: string };
  return { address, [Symbol.asyncDispose]: async () => stop(child) };
}

/** The JSON document that a process prints when it is ready. @throws when it ends before. */
export async function firstDocument(child: ChildProcess): Promise<unknown> {
  let printed = '';
  for await (const text of child.stdout ?? []) {
    printed += String(text);
    if (printed.trimEnd().endsWith('}')) return JSON.parse(printed);
  }
  throw new Error(`the process ended before it was ready: ${printed}`);
}

/** Asks a process to end, and waits until it has. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
