import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
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
  const cores = availableParallelism();
  assert.equal(config.dataDir, resolve('holdfast-data'));
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 8600);
  assert.equal(config.maxDocumentBytes, 32 * 2 ** 20);
  assert.equal(config.maxBodyBytes, 40 * 2 ** 20);
  assert.equal(config.maxUploadBytes, 2 ** 30);
  assert.deepEqual(config.ingestRoots, []);
  assert.equal(config.logFormat, 'auto');
  assert.equal(config.bm25K1, undefined);
  assert.equal(config.workers, Math.max(Math.min(2, cores), cores - 1));
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

test('needs no model, key or server by default', () => {
  const config = loadConfig({}, {});
  assert.deepEqual([config.embedder, config.generator, config.reranker], ['static', 'extractive', 'none']);
  assert.equal(config.ollamaUrl, 'http://127.0.0.1:11434');
  assert.equal(config.openaiUrl, undefined);
  assert.equal(config.openaiApiKey, undefined);
});

test('reads models, their servers and packages of the AI SDK', () => {
  const config = loadConfig(
    {
      HOLDFAST_EMBEDDER: 'ollama',
      HOLDFAST_EMBEDDING_MODEL: 'nomic-embed-text',
      HOLDFAST_EMBEDDING_DIMENSIONS: '256',
      HOLDFAST_OLLAMA_URL: 'https://models.example:444/ollama/',
      HOLDFAST_KEEP_ALIVE: '1h30m',
      HOLDFAST_GENERATOR: 'ai-sdk:@ai-sdk/mistral',
      HOLDFAST_GENERATION_MODEL: 'mistral-small',
      HOLDFAST_OPENAI_API_KEY: 'sk-1',
      HOLDFAST_ONNX_FOLDER: 'models',
    },
    {},
  );
  assert.equal(config.ollamaUrl, 'https://models.example:444/ollama');
  assert.equal(config.generator, 'ai-sdk:@ai-sdk/mistral');
  assert.equal(config.embeddingDimensions, 256);
  assert.equal(config.openaiApiKey?.reveal(), 'sk-1');
  assert.equal(config.onnxFolder, resolve('models'));
});

test('lists what models lack together with all other problems', () => {
  assert.deepEqual(
    problemsOf({
      HOLDFAST_PORT: 'x',
      HOLDFAST_EMBEDDER: 'openai',
      HOLDFAST_GENERATOR: 'openai',
      HOLDFAST_RERANKER: 'http',
    }),
    [
      'HOLDFAST_PORT is "x", expected a number from 0 to 65,535',
      'HOLDFAST_EMBEDDING_MODEL is not set, and HOLDFAST_EMBEDDER=openai needs it',
      'HOLDFAST_OPENAI_URL is not set, and HOLDFAST_EMBEDDER=openai and HOLDFAST_GENERATOR=openai need it',
      'HOLDFAST_GENERATION_MODEL is not set, and HOLDFAST_GENERATOR=openai needs it',
      'HOLDFAST_RERANKER_URL is not set, and HOLDFAST_RERANKER=http needs it',
    ],
  );
  assert.deepEqual(problemsOf({ HOLDFAST_STATIC_VECTORS: 'off' }), [
    'HOLDFAST_STATIC_VECTORS is "off", and without another HOLDFAST_EMBEDDER passages would have no vectors at all',
  ]);
  assert.deepEqual(problemsOf({ HOLDFAST_EMBEDDER: 'onnx' }), [
    'HOLDFAST_ONNX_FOLDER is not set, and HOLDFAST_EMBEDDER=onnx needs it',
  ]);
});

test('refuses addresses, packages, times and dimensions that cannot be', () => {
  const problems = problemsOf({
    HOLDFAST_EMBEDDER: 'ai-sdk:../evil.js',
    HOLDFAST_GENERATOR: 'olama',
    HOLDFAST_OLLAMA_URL: 'localhost:11434',
    HOLDFAST_OPENAI_URL: 'https://user:secret@example.org/v1',
    HOLDFAST_RERANKER_URL: 'https://example.org/?key=secret',
    HOLDFAST_KEEP_ALIVE: 'for ever',
    HOLDFAST_EMBEDDING_MODEL: 'nomic-embed-text',
    HOLDFAST_EMBEDDING_DIMENSIONS: '100',
  });
  assert.deepEqual(problems, [
    'HOLDFAST_EMBEDDER is "ai-sdk:../evil.js", expected the name of a package, such as ai-sdk:@ai-sdk/mistral',
    'HOLDFAST_GENERATOR is "olama", expected one of extractive, ollama, openai or ai-sdk:<package>',
    'HOLDFAST_OLLAMA_URL is "localhost:11434", expected an address such as http://127.0.0.1:11434',
    'HOLDFAST_KEEP_ALIVE is "for ever", expected seconds, a time such as 30m, or -1',
    'HOLDFAST_OPENAI_URL holds a user, a password or a query: give keys in the setting for the key',
    'HOLDFAST_RERANKER_URL holds a user, a password or a query: give keys in the setting for the key',
    'HOLDFAST_EMBEDDING_DIMENSIONS is "100", which nomic-embed-text does not take: it can have 64, 128, 256, 512, 768 dimensions',
  ]);
});

test('reads a secret from a file', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'key');
  writeFileSync(file, ' sk-from-file\n');
  const resolved = resolveSettings({ HOLDFAST_OPENAI_API_KEY_FILE: file }, {});
  const found = resolved.find(({ key }) => key === 'openaiApiKey');
  assert.equal(found?.source, 'file');
  const config = loadConfig({ HOLDFAST_OPENAI_API_KEY_FILE: file }, {});
  assert.equal(config.openaiApiKey?.reveal(), 'sk-from-file');
  assert.doesNotMatch(JSON.stringify(config), /sk-from-file/);
});

test('refuses a secret that is given twice, missing, empty or no key, without showing it', async () => {
  await using folder = await temporaryFolder();
  const [empty, broken] = ['empty', 'broken'].map((name) => join(folder.path, name));
  writeFileSync(String(empty), ' \n');
  writeFileSync(String(broken), 'sk-1\nsk-2');
  const name = 'HOLDFAST_OPENAI_API_KEY_FILE';
  const missing = join(folder.path, 'no-file');
  assert.deepEqual(problemsOf({ [name]: missing }), [
    `${name} is "${missing}", which cannot be read (ENOENT)`,
  ]);
  assert.deepEqual(problemsOf({ [name]: empty }), [`${name} is "${empty}", a file that is empty`]);
  assert.deepEqual(problemsOf({ [name]: broken }), [
    `${name} holds a space, a line break or another character that no key has`,
  ]);
  assert.deepEqual(problemsOf({ [name]: missing, HOLDFAST_OPENAI_API_KEY: 'sk-3' }), [
    `${name} is set, and so is HOLDFAST_OPENAI_API_KEY: set one of them`,
  ]);
});
