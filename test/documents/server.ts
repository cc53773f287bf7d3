import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from './checkout.ts';

const START_LIMIT_MS = 30_000;

export interface RunningServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** The environment that makes commands use its data folder. */
  readonly environment: NodeJS.ProcessEnv;
}

/** The environment of a user who keeps data in this folder, without ours. */
export function environmentOf(folder: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(HOLDFAST_|NODE_TEST|npm_)/.test(name));
  return { ...Object.fromEntries(kept), HOLDFAST_DATA_DIR: join(folder, 'holdfast-data') };
}

/** Runs `holdfast start` on a free port, as a user would, in a folder of its own. */
export async function startHoldfast(folder: string): Promise<RunningServer> {
  const environment = environmentOf(folder);
  const command = [join(ROOT, 'bin/holdfast.js'), 'start', '--port', '0'];
  const child = spawn(process.execPath, command, { cwd: folder, env: environment, stdio: 'pipe' });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  try {
    return { address: await addressOf(child), environment, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits for the address that a starting server prints, on standard output or error. */
export function addressOf(child: ChildProcess): Promise<string> {
  const address = Promise.withResolvers<string>();
  let output = '';
  const read = (piece: Buffer): void => {
    output += piece.toString();
    const match = /http:\/\/(127\.0\.0\.1:\d+)\s/.exec(output);
    if (match?.[1] !== undefined) address.resolve(match[1]);
  };
  const fail = (why: string): void => address.reject(new Error(`holdfast start ${why}:\n${output}`));
  child.stdout?.on('data', read);
  child.stderr?.on('data', read);
  child.once('exit', (code) => fail(`ended with ${code}`));
  setTimeout(fail, START_LIMIT_MS, 'printed no address').unref();
  return address.promise;
}
