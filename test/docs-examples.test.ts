import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { readDocuments, ROOT } from './documents/checkout.ts';
import { startHoldfast, type RunningServer } from './documents/server.ts';

const run = promisify(execFile);
const MARKER = '# runs\n';
const ADDRESS = '127.0.0.1:8600';
const LIMIT_MS = 30_000;

const missing = ['bash', 'curl'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
if (missing.length > 0 && process.env['CI'] === 'true') throw new Error(`CI needs ${missing.join(' and ')}`);
const skip = missing.length > 0 ? `NOT RUN: ${missing.join(' and ')} is not installed` : false;

const examples = [...readDocuments()].flatMap(([file, { blocks }]) =>
  blocks
    .filter(({ language, code }) => language === 'sh' && code.startsWith(MARKER))
    .map(({ code, line }) => ({ place: `${file}:${line}`, code })),
);

/** What a user's shell does, but with this checkout, this server, and failing requests noticed. */
function scriptOf(code: string, address: string): string {
  return [
    'set -euo pipefail',
    'curl() { command curl --fail-with-body --max-time 20 "$@"; }',
    `npx() { shift; "${process.execPath}" "${join(ROOT, 'bin/holdfast.js')}" "$@"; }`,
    code.replaceAll(ADDRESS, address),
  ].join('\n');
}

describe('examples of the documents', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-docs-'));
  let server: RunningServer;

  before(async () => {
    cpSync(join(ROOT, 'docs'), join(folder, 'docs'), { recursive: true });
    server = await startHoldfast(folder);
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  for (const { place, code } of examples) {
    test(`${place} runs`, async () => {
      const options = { cwd: folder, env: server.environment, timeout: LIMIT_MS };
      const { stdout } = await run('bash', ['-c', scriptOf(code, server.address)], options);
      assert.notEqual(stdout, '');
      assert.doesNotMatch(stdout, /"refused":\s*true/);
    });
  }

  const QUESTIONS: readonly (readonly [question: string, answer: RegExp])[] = [
    ['How do I change the port?', /HOLDFAST_PORT|--port/],
    ['What happens when the disk is full?', /writing stops|storage_full|507/],
    ['How do I make a backup?', /copy the data folder/],
    ['Where is my data stored?', /holdfast-data|data folder/],
    ['Can I reach it from other machines?', /proxy|authentication/],
    ['What does exit code 3 mean?', /nothing found/],
  ];
  for (const [query, answer] of QUESTIONS) {
    test(`the manual answers: ${query}`, async () => {
      const response = await fetch(`http://${server.address}/api/v1/rag/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, collections: ['holdfast'] }),
      });
      const body = (await response.json()) as { answer: { text: string } };
      assert.match(body.answer.text, answer);
    });
  }
});
