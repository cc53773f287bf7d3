import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const ROOT = dirname(import.meta.dirname);
const TEXT_LIMIT_BYTES = 2 ** 20;

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>>;
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function manifest(): Manifest {
  return JSON.parse(read('package.json')) as Manifest;
}

/** Files of the checkout with their text, without big and binary ones. */
function trackedTexts(): ReadonlyMap<string, string> {
  const names = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0');
  const texts = new Map<string, string>();
  for (const name of names) {
    const path = join(ROOT, name);
    if (name === '' || !existsSync(path) || statSync(path).size > TEXT_LIMIT_BYTES) continue;
    const text = readFileSync(path, 'utf8');
    if (!text.includes('\0')) texts.set(name, text);
  }
  return texts;
}

const isCheckout = existsSync(join(ROOT, '.git'));
if (!isCheckout && process.env['CI'] === 'true') throw new Error('CI needs a git checkout');
const inCheckout = { skip: isCheckout ? false : 'NOT CHECKED: this is no git checkout' };

test('every dependency has an exact version', () => {
  const { dependencies, optionalDependencies, devDependencies } = manifest();
  const loose = Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
  );
  assert.deepEqual(loose, []);
});

test('the lock file names no registry, and has an integrity for every package', () => {
  const text = read('package-lock.json');
  assert.doesNotMatch(text, /"resolved"/);
  assert.doesNotMatch(text, /https?:\/\/[^"]*(registry|npmjs)/);
  const { packages } = JSON.parse(text) as Lock;
  const unchecked = Object.entries(packages).filter(([path, { integrity }]) => path !== '' && !integrity);
  assert.deepEqual(unchecked, []);
});

test('a Node that is new enough is locked for every platform', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as Lock;
  for (const name of Object.keys(manifest().optionalDependencies)) {
    const { version = '' } = packages[`node_modules/${name}`] ?? {};
    assert.ok(Number(version.split('.')[0]) >= 24, `${name} ${version}`);
  }
});

test('npm leaves install scripts and registry addresses out', () => {
  const settings = read('.npmrc').split('\n');
  assert.ok(settings.includes('ignore-scripts=true'));
  assert.ok(settings.includes('omit-lockfile-registry-resolved=true'));
});

test('no tracked file holds an absolute path of a machine', inCheckout, () => {
  const places = [
    `/${'work'}/`,
    `/${'root'}/`,
    `/${'home'}/[a-z]`,
    `/${'Users'}/[A-Za-z]`,
    `C:\\\\${'Users'}`,
  ];
  const pattern = new RegExp(`(?<![\\w.~-])(?:${places.join('|')})`);
  const found = [...trackedTexts()]
    .filter(([name]) => !name.startsWith('test/fixtures/'))
    .flatMap(([name, text]) => {
      const match = pattern.exec(text);
      return match === null
        ? []
        : [`${name}: ${text.slice(match.index, match.index + 60).split('\n', 1)[0]}`];
    });
  assert.deepEqual(found, []);
});

test('no tracked file holds the address of a package registry', inCheckout, () => {
  const pattern = new RegExp(`${'registry'}\\.(npmjs|yarnpkg)|${'proxy'}\\.golang|${'pypi'}\\.org/simple`);
  const found = [...trackedTexts()].filter(([, text]) => pattern.test(text)).map(([name]) => name);
  assert.deepEqual(found, []);
});

test('every file ends with a line end and has no carriage return', inCheckout, () => {
  const found = [...trackedTexts()]
    .filter(([name]) => !/^(model|test\/fixtures|eval\/sets)\//.test(name))
    .filter(([, text]) => text !== '' && (!text.endsWith('\n') || text.includes('\r\n')))
    .map(([name]) => name);
  assert.deepEqual(found, []);
});

test('a Node that is too old gets one clear line and exit code 2', () => {
  const script = `
    Object.defineProperty(process.versions, 'node', { value: '18.20.4' });
    require(${JSON.stringify(join(ROOT, manifest().bin['holdfast'] ?? ''))});
  `;
  assert.throws(
    () => execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', stdio: 'pipe' }),
    (error: Error & { status?: number; stderr?: string; stdout?: string }) => {
      assert.equal(error.status, 2);
      assert.equal(error.stdout, '');
      assert.equal(error.stderr?.trimEnd().split('\n').length, 1);
      assert.match(error.stderr ?? '', /needs Node 24 or newer, but this is Node 18\.20\.4/);
      return true;
    },
  );
});

test('the command is plain JavaScript that an old Node can read', () => {
  const file = manifest().bin['holdfast'] ?? '';
  const text = read(file);
  assert.ok(text.startsWith('#!/usr/bin/env node\n'));
  assert.ok((statSync(join(ROOT, file)).mode & 0o111) !== 0 || process.platform === 'win32');
  const code = text.replace(/\/\/.*/g, '').replace(/'[^']*'/g, "''");
  assert.doesNotMatch(code, /\b(const|let|await|class|require)\b|=>|`|\?\?|\?\.|^import\s/m);
  assert.equal((JSON.parse(read('bin/package.json')) as { type: string }).type, 'commonjs');
});
