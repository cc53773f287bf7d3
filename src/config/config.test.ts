import assert from 'node:assert/strict';
import { delimiter, resolve } from 'node:path';
import { test } from 'node:test';
import { HoldfastError } from '../core/errors.ts';
import { loadConfig, resolveSettings, type ConfigFlags } from './config.ts';
import type { Environment } from './env.ts';

function problemsOf(environment: Environment, flags: ConfigFlags = {}): readonly string[] {
  try {
    loadConfig(environment, flags);
  } catch (error) {
    assert.ok(error instanceof HoldfastError);
    assert.equal(error.code, 'invalid_configuration');
    return error.problems.map(({ name, detail }) => `${name} ${detail}`);
  }
  return [];
}

test('stands on its defaults without any environment', () => {
  const config = loadConfig({}, {});
  assert.equal(config.dataDir, resolve('holdfast-data'));
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 8600);
  assert.equal(config.maxDocumentBytes, 32 * 2 ** 20);
  assert.equal(config.maxBodyBytes, 40 * 2 ** 20);
  assert.deepEqual(config.ingestRoots, []);
  assert.equal(config.logFormat, 'auto');
  assert.equal(config.bm25K1, undefined);
  assert.ok(config.workers >= 1);
});

test('reads typed values from the environment', () => {
  const config = loadConfig(
    {
      HOLDFAST_PORT: ' 0 ',
      HOLDFAST_LOG_LEVEL: 'debug',
      HOLDFAST_INGEST_ROOTS: ['/srv/docs', ' ./b', ''].join(delimiter),
      HOLDFAST_INDEX_MEMORY_BYTES: '256 MiB',
      HOLDFAST_MAX_BODY_BYTES: '2048',
      HOLDFAST_BM25_B: '0.75',
      PATH: 'not ours',
    },
    {},
  );
  assert.equal(config.port, 0);
  assert.equal(config.logLevel, 'debug');
  assert.deepEqual(config.ingestRoots, [resolve('/srv/docs'), resolve('b')]);
  assert.equal(config.indexMemoryBytes, 256 * 2 ** 20);
  assert.equal(config.maxBodyBytes, 2048);
  assert.equal(config.bm25B, 0.75);
});

test('takes an empty variable as not set', () => {
  assert.equal(loadConfig({ HOLDFAST_PORT: '' }, {}).port, 8600);
});

test('lets flags win over the environment and names the source of each value', () => {
  const resolved = resolveSettings({ HOLDFAST_PORT: '1', HOLDFAST_HOST: '::1' }, { port: '2' });
  const source = (key: string) => resolved.find((setting) => setting.key === key);
  assert.partialDeepStrictEqual(source('port'), { value: 2, source: 'flag' });
  assert.partialDeepStrictEqual(source('host'), { value: '::1', source: 'environment' });
  assert.partialDeepStrictEqual(source('drainMs'), { value: 25_000, source: 'default' });
});

test('lists all problems at once, with the bad value', () => {
  const problems = problemsOf(
    {
      HOLDFAST_PROT: '1',
      HOLDFAST_WHATEVER: '1',
      HOLDFAST_LOG_LEVEL: 'loud',
      HOLDFAST_DRAIN_MS: '-1',
      HOLDFAST_MAX_BODY_BYTES: '3 bananas',
      HOLDFAST_BM25_B: '1.5',
      HOLDFAST_LANGUAGE: 'English',
    },
    { port: '65536' },
  );
  assert.deepEqual(problems, [
    'HOLDFAST_PROT is not a setting; did you mean HOLDFAST_PORT?',
    'HOLDFAST_WHATEVER is not a setting; `holdfast config` lists them',
    '--port is "65536", expected a number from 0 to 65,535',
    'HOLDFAST_MAX_BODY_BYTES is "3 bananas", expected a number from 1,024 to 2,147,483,648',
    'HOLDFAST_LANGUAGE is "English", expected auto or an ISO 639-1 code such as en',
    'HOLDFAST_LOG_LEVEL is "loud", expected one of debug, info, warn, error',
    'HOLDFAST_DRAIN_MS is "-1", expected a number from 0 to 600,000',
    'HOLDFAST_BM25_B is "1.5", expected a number from 0 to 1',
  ]);
});

test('refuses to listen where other machines could reach it, and says why', () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.4', 'example.org', '127.evil.example']) {
    const [problem] = problemsOf({ HOLDFAST_HOST: host });
    assert.match(problem ?? '', /no authentication yet/, host);
  }
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    assert.deepEqual(problemsOf({}, { host }), [], host);
  }
});
