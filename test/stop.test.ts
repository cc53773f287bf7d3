import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './documents/checkout.ts';
import { addressOf, environmentOf } from './documents/server.ts';

const BIN = join(ROOT, 'bin/holdfast.js');
const isWindows = process.platform === 'win32';

test(
  'a server ends with exit code 0 on SIGTERM',
  { skip: isWindows && 'Windows has no SIGTERM', timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-stop-'));
    const child = spawn(process.execPath, [BIN, 'serve', '--port', '0'], { env: environmentOf(folder) });
    await addressOf(child);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    rmSync(folder, { recursive: true });
  },
);

test(
  'a server that npm started stops when the shell between them dies',
  { skip: isWindows && 'npm uses another shell on Windows', timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-stop-'));
    const script = `"${process.execPath}" "${BIN}" serve --port 0; true`;
    const shell = spawn('sh', ['-c', script], { env: { ...environmentOf(folder), npm_command: 'start' } });
    await addressOf(shell);
    shell.kill('SIGTERM');
    // Its output closes when the server, which shares it with the shell, has ended.
    await once(shell, 'close');
    rmSync(folder, { recursive: true });
  },
);
