import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { before, describe, test } from 'node:test';
import { SETTINGS } from '../src/config/settings.ts';
import type { Setting } from '../src/config/setting.ts';
import { DEPENDENCY_DEFAULTS, type DependencySettings } from '../src/resilience/defaults.ts';
import { readDocument, ROOT } from './documents/checkout.ts';
import { openTestService } from './end-to-end/service.ts';
import { temporaryFolder } from './temporary-folder.ts';

const PAGE = 'docs/resilience.md';
const { rows } = readDocument(PAGE);

/** The cells behind a name, in all tables of mechanisms. */
function cellsOf(name: 'setting' | 'metric' | 'test'): readonly string[] {
  return rows.flatMap(([first, second = '']) => (first === name ? [second] : []));
}

function source(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

describe('docs/resilience.md', () => {
  let scraped: ReadonlySet<string>;
  before(async () => {
    await using folder = await temporaryFolder();
    await using service = await openTestService(folder.path);
    const { text } = await service.scrapeMetrics();
    scraped = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
  });

  test('gives every mechanism a setting, a metric and a test', () => {
    const text = source(PAGE);
    const mechanisms = text.split(/^#{2,3} /m).filter((section) => section.includes('| setting |'));
    assert.ok(mechanisms.length > 20, `${mechanisms.length} mechanisms`);
    for (const section of mechanisms) {
      const title = section.split('\n', 1)[0];
      assert.match(section, /^\| metric \| \S/m, title);
      assert.match(section, /^\| test \| `/m, title);
    }
  });

  test('names settings that exist, with their defaults', () => {
    const defaults = new Map(
      Object.values<Setting<unknown>>(SETTINGS).map((setting) => [setting.name as string, setting.default]),
    );
    const named = cellsOf('setting').flatMap((cell) =>
      Array.from(cell.matchAll(/`(HOLDFAST_\w+)`( \(([^)]*)\))?/g)),
    );
    assert.ok(named.length > 10);
    for (const [, name = '', , value] of named) assert.equal(value, defaults.get(name), name);
  });

  test('names metrics that a scrape has', () => {
    const named = cellsOf('metric').flatMap((cell) =>
      Array.from(cell.matchAll(/`([a-z]+(?:_[a-z0-9]+)+)`/g)),
    );
    assert.ok(named.length > 30);
    const values = /^(timed_out|embed_query|forced_open)$/;
    assert.deepEqual(
      named.map(([, name = '']) => name).filter((name) => !scraped.has(name) && !values.test(name)),
      [],
    );
  });

  test('names tests that exist', () => {
    const named = rows
      .flat()
      .flatMap((cell) => Array.from(cell.matchAll(/`([\w/.-]+\.test\.ts)` "([^"]+)"/g)));
    assert.ok(named.length > 50);
    const missing = named.filter(([, file = '', title = '']) => !hasTest(file, title));
    assert.deepEqual(
      missing.map(([reference]) => reference),
      [],
    );
  });

  test('names files that exist', () => {
    const named = [...source(PAGE).matchAll(/`((?:src|test)\/[\w/.-]+\.ts)`/g)];
    assert.deepEqual(
      named.map(([, file = '']) => file).filter((file) => !existsSync(join(ROOT, file))),
      [],
    );
  });

  test('has the numbers of every dependency that is in use', () => {
    const names = Object.entries<DependencySettings>(DEPENDENCY_DEFAULTS).filter(([, one]) => one.isEnabled);
    const head = ['', ...names.map(([name]) => `\`${name}\``)];
    const at = rows.findIndex((row) => row.join() === head.join());
    assert.ok(at >= 0, 'the table is missing');
    const table = rows.slice(at + 2, at + 2 + NUMBERS.length).map((row) => row.slice(1));
    const expected = NUMBERS.map((read) => names.map(([, one]) => String(read(one) ?? '')));
    assert.deepEqual(table, expected);
  });

  test('has the other numbers as they stand in the code', () => {
    const references = rows.filter(([, , where = '']) => /^`src\/.*` `[A-Z_]+`$/.test(where));
    assert.ok(references.length >= 20);
    for (const [what = '', value = '', where = ''] of references) {
      const [file = '', name = ''] = where.replaceAll('`', '').split(' ');
      assert.equal(shownNumber(value), constant(file, name), `${what}: ${name} in ${file}`);
    }
  });

  test('names exactly the parts of src/resilience that nothing of the product reaches', () => {
    const reached = reachedFrom('src/main.ts');
    assert.ok(reached.has('src/resilience/policy.ts') && reached.has('src/resilience/turns.ts'));
    const named = rows.flatMap(([first = '']) => /^`(src\/resilience\/[\w-]+\.ts)`$/.exec(first)?.[1] ?? []);
    const unused = listed('src/resilience').filter((file) => !reached.has(file) && hasCode(file));
    assert.deepEqual(named.toSorted(), unused);
  });

  test('names modes of degradation that the code gives', () => {
    const start = rows.findIndex(([first]) => first === 'what is down');
    const end = rows.findIndex(([first], at) => at > start && first === '');
    const named = rows
      .slice(start + 2, end)
      .flatMap((row) => Array.from((row[3] ?? '').matchAll(/`(\w+)`/g)));
    const core = [...listed('src/core/retrieval'), ...listed('src/core/answer')].map(source).join('\n');
    assert.ok(named.length > 10);
    for (const [, name = ''] of named) assert.match(core, new RegExp(`'${name}'`), name);
  });
});

const NUMBERS: readonly ((settings: DependencySettings) => number | undefined)[] = [
  ({ timeoutMs }) => timeoutMs,
  ({ stream }) => stream?.firstItemMs,
  ({ stream }) => stream?.gapMs,
  ({ stream }) => stream?.totalMs,
  ({ extraAttempts }) => extraAttempts,
  ({ limit }) => limit,
  ({ queue }) => queue,
  ({ maxWaitMs }) => maxWaitMs,
  ({ breaker }) => breaker.bucketMs * breaker.buckets,
  ({ breaker }) => breaker.minCalls,
  ({ breaker }) => breaker.failureRatio,
  ({ breaker }) => breaker.slowMs,
  ({ breaker }) => breaker.slowRatio,
  ({ breaker }) => breaker.consecutiveFailures,
  ({ breaker }) => breaker.consecutiveSlow,
  ({ breaker }) => breaker.openMs,
  ({ breaker }) => breaker.maxOpenMs,
  ({ breaker }) => breaker.probes,
  ({ breaker }) => breaker.goodProbes,
  ({ breaker }) => breaker.probeTimeoutMs,
];

/** True when the file has a test, a group or a row of that title; what a template fills in may be anything. */
function hasTest(file: string, title: string): boolean {
  if (!existsSync(join(ROOT, file))) return false;
  const titles = [
    ...source(file).matchAll(/\b(?:(?:test|it|describe)\(|title:)\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g),
  ];
  return titles.some(([, , text = '']) => {
    const parts = text.replaceAll(/\\(.)/g, '$1').split(/\$\{[^}]*\}/);
    return new RegExp(
      `^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('.+')}$`,
    ).test(title);
  });
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1000,
  '%': 0.01,
  MiB: 2 ** 20,
};

/** "20 ms" and the like, in the unit of the code. */
function shownNumber(text: string): number {
  const [, digits = '', unit = ''] = /^([\d.]+) ?(\S*)$/.exec(text) ?? assert.fail(`no number: ${text}`);
  return Number(digits) * (UNITS[unit] ?? assert.fail(`unknown unit: ${text}`));
}

/** The value of a constant that is a number, or a product of a number and a power. */
function constant(file: string, name: string): number {
  const text = new RegExp(`^(?:export )?const ${name} = ([\\d_.* ]+);`, 'm').exec(source(file))?.[1];
  assert.ok(text !== undefined, `no constant ${name} in ${file}`);
  const [factor = '', base = '1', exponent = '1'] = text
    .replaceAll(/[_ ]/g, '')
    .split(/(?<!\*)\*(?!\*)|\*\*/);
  return Number(factor) * Number(base) ** Number(exponent);
}

/** Modules of a folder, without their tests. */
function listed(folder: string): readonly string[] {
  return globSync(`${folder}/**/*.ts`, { cwd: ROOT })
    .map((file) => file.split(sep).join('/'))
    .filter((file) => !file.endsWith('.test.ts'))
    .toSorted();
}

/** False for a module of types alone. */
function hasCode(file: string): boolean {
  return /^export (?:async )?(?:function|class|const)\b/m.test(source(file));
}

const IMPORTS = /(?:^import (?!type\b)([^;]*?)from '|\bimport\(')(\.[^']+\.ts)'/gm;
const TYPES_ALONE = /^\{\s*type\s[^,]*(?:,\s*type\s[^,]*)*,?\s*\}\s*$/;

/** The modules that are loaded from one on, in whatever command; imports of types load nothing. */
function reachedFrom(entry: string): ReadonlySet<string> {
  const reached = new Set([entry]);
  for (const file of reached)
    for (const [, names = '', path = ''] of source(file).matchAll(IMPORTS))
      if (!TYPES_ALONE.test(names)) reached.add(posix.join(posix.dirname(file), path));
  return reached;
}
