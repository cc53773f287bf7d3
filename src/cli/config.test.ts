import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const MAIN = join(import.meta.dirname, '../main.ts');

function shown(...words: readonly string[]): string {
  const environment = { PATH: process.env['PATH'], HOLDFAST_OPENAI_API_KEY: 'sk-very-secret' };
  const { stdout, stderr } = spawnSync(process.execPath, [MAIN, 'config', ...words], {
    encoding: 'utf8',
    env: environment,
  });
  assert.doesNotMatch(stdout + stderr, /sk-very-secret/);
  return stdout;
}

test('shows of a secret only whether it is set', () => {
  const lines = shown().split('\n');
  assert.ok(lines.includes('HOLDFAST_OPENAI_API_KEY=set  (environment)'));
  assert.ok(lines.includes('HOLDFAST_RERANKER_API_KEY=not set  (default)'));
  const { settings } = JSON.parse(shown('--json')) as {
    settings: readonly { readonly name: string; readonly value: unknown }[];
  };
  const value = (name: string) => settings.find((setting) => setting.name === name)?.value;
  assert.equal(value('HOLDFAST_OPENAI_API_KEY'), 'set');
  assert.equal(value('HOLDFAST_RERANKER_API_KEY'), 'not set');
  assert.equal(value('HOLDFAST_OPENAI_URL'), null);
});
