import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { spawnHoldfast } from '../end-to-end/process.ts';
import { until } from './until.ts';

/** A stand-in in a process of its own, which can be stopped and killed like a real model server. */
export interface SeparateServer extends AsyncDisposable {
  /** `host:port`, the same after a restart. */
  readonly address: string;
  signal(name: NodeJS.Signals): void;
  /** Starts it anew at the same place; the old process must have ended. */
  restart(): Promise<void>;
}

/** Runs `holdfast faults KIND`. */
export async function separateServer(kind: 'ollama' | 'openai'): Promise<SeparateServer> {
  let { child, address } = await started(kind, '0');
  return {
    address,
    signal: (name) => void child.kill(name),
    async restart() {
      ({ child } = await started(kind, address.slice(address.lastIndexOf(':') + 1)));
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function started(
  kind: string,
  port: string,
): Promise<{ readonly child: ChildProcess; readonly address: string }> {
  const child = spawnHoldfast(['faults', kind, '--port', port, '--json']);
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => (output += piece));
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => (output += piece));
  await until(`a stand-in for ${kind} listens`, async () => {
    if (child.exitCode !== null) throw new Error(`the stand-in ended: ${output}`);
    return output.includes('}');
  });
  const { address } = JSON.parse(output) as { readonly address: string };
  return { child, address: new URL(address).host };
}
