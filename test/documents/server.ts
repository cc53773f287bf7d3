import { spawn } from 'node:child_process';
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

/** Runs `holdfast start` on a free port, as a user would, in a folder of its own. */
export async function startHoldfast(folder: string): Promise<RunningServer> {
  const clean = Object.entries(process.env).filter(([name]) => !/^HOLDFAST_|^NODE_TEST/.test(name));
  const environment = { ...Object.fromEntries(clean), HOLDFAST_DATA_DIR: join(folder, 'holdfast-data') };
  const command = [join(ROOT, 'bin/holdfast.js'), 'start', '--port', '0'];
  const child = spawn(process.execPath, command, { cwd: folder, env: environment, stdio: 'pipe' });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  let output = '';
  const address = new Promise<string>((resolve, reject) => {
    const read = (piece: Buffer): void => {
      output += piece.toString();
      const match = /http:\/\/(127\.0\.0\.1:\d+)\s/.exec(output);
      if (match?.[1] !== undefined) resolve(match[1]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`holdfast start ended with ${code}:\n${output}`)));
    const late = (): void => reject(new Error(`holdfast start printed no address:\n${output}`));
    setTimeout(late, START_LIMIT_MS).unref();
  });
  try {
    return { address: await address, environment, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
