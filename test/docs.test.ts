import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { SETTINGS } from '../src/config/settings.ts';
import { variableNames, type Setting } from '../src/config/setting.ts';
import { ERRORS } from '../src/core/errors.ts';
import { queryRequestSchema } from '../src/http/contract/query.ts';
import { ROUTES } from '../src/http/contract/routes.ts';
import { searchQuerySchema } from '../src/http/contract/search.ts';
import { STATUS } from '../src/http/plugins/problem-details.ts';
import { readDocument, readDocuments, ROOT } from './documents/checkout.ts';
import { readMarkdown } from './documents/markdown.ts';

type Versions = Readonly<Record<string, string>>;
interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Versions;
  readonly optionalDependencies: Versions;
  readonly devDependencies: Versions;
}

const documents = readDocuments();
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** All matches of a pattern's first group in prose and code blocks, with the file they are in. */
function mentions(pattern: RegExp): readonly (readonly [file: string, name: string])[] {
  return [...documents].flatMap(([file, { prose, blocks }]) => {
    const text = [prose, ...blocks.map(({ code }) => code)].join('\n');
    return [...text.matchAll(pattern)].map((match) => [file, match[1] ?? ''] as const);
  });
}

test('every relative link leads to a file and its anchor to a heading', () => {
  const broken: string[] = [];
  for (const [file, { links, anchors }] of documents) {
    for (const link of links.filter((link) => !/^[a-z]+:/.test(link))) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : posix.join(posix.dirname(file), path);
      const targetAnchors = path === '' ? anchors : documents.get(target)?.anchors;
      if (!existsSync(join(ROOT, target))) broken.push(`${file}: ${link}`);
      else if (anchor !== undefined && targetAnchors?.has(anchor) !== true) broken.push(`${file}: ${link}`);
    }
  }
  assert.ok(documents.size > 10);
  assert.deepEqual(broken, []);
});

test('every page of the manual is reached from its first page', () => {
  const reached = new Set(['docs/index.md']);
  for (const file of reached) {
    for (const link of documents.get(file)?.links ?? []) {
      const target = posix.join(posix.dirname(file), link.split('#')[0] ?? '');
      if (documents.has(target)) reached.add(target);
    }
  }
  const pages = [...documents.keys()].filter((file) => /^docs\/[^/]+$/.test(file));
  assert.deepEqual(
    pages.filter((page) => !reached.has(page)),
    [],
  );
});

test('docs/configuration.md shows the table of settings', () => {
  const rows = readDocument('docs/configuration.md').rows.filter(([name]) => name?.startsWith('`HOLDFAST_'));
  const expected = Object.values<Setting<unknown>>(SETTINGS).map((setting) => [
    `\`${setting.name}\``,
    setting.flag === undefined ? '' : `\`--${setting.flag}\``,
    setting.type,
    setting.default,
    setting.description,
  ]);
  assert.deepEqual(rows, expected);
});

test('every setting that a document or an error names exists', () => {
  const names = new Set(Object.values<Setting<unknown>>(SETTINGS).flatMap(variableNames));
  const advice = Object.values(ERRORS).flatMap(([, text]) => text.match(/HOLDFAST_\w+/g) ?? []);
  const unknown = [
    ...mentions(/\b(HOLDFAST_[A-Z0-9_]*[A-Z0-9])/g),
    ...advice.map((name) => ['src/core/errors.ts', name] as const),
  ].filter(([, name]) => !names.has(name));
  assert.deepEqual(unknown, []);
});

test('docs/errors.md explains every code with its status, and no other', () => {
  const text = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
  const sections = [...text.matchAll(/^### (\w+)\n\nStatus (\d+)\. \S/gm)];
  const documented = Object.fromEntries(sections.map((match) => [match[1], Number(match[2])]));
  assert.deepEqual(documented, { ...STATUS });
  assert.equal(
    sections.length,
    Object.keys(ERRORS).length,
    'a code stands twice, or a section lacks its status',
  );
});

test('docs/api.md lists every route, and no other', () => {
  const rows = readDocument('docs/api.md').rows.filter(([route]) => /^`[A-Z]+ \//.test(route ?? ''));
  assert.deepEqual(
    rows.map(([route]) => route?.replaceAll('`', '')).toSorted(),
    ROUTES.map(({ method, path }) => `${method} ${path}`).toSorted(),
  );
});

test('docs/api.md explains every field of a question and every parameter of a search', () => {
  const named = new Set(
    readDocument('docs/api.md').rows.flatMap(([cell = '']) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name),
    ),
  );
  const fields = [...Object.keys(queryRequestSchema.shape), ...Object.keys(searchQuerySchema.shape)];
  assert.deepEqual(
    fields.filter((field) => !named.has(field)),
    [],
  );
});

test('docs/dependencies.md lists every package with its exact version and a reason', () => {
  const kinds = {
    runtime: manifest.dependencies,
    optional: manifest.optionalDependencies,
    development: manifest.devDependencies,
  };
  const expected = Object.entries(kinds).flatMap(([kind, versions]) =>
    Object.entries(versions).map(([name, version]) => [`\`${name}\``, version, kind]),
  );
  const rows = readDocument('docs/dependencies.md').rows.slice(2);
  assert.deepEqual(
    rows.map((row) => row.slice(0, 3)),
    expected,
  );
  assert.deepEqual(
    rows.filter(([, , , reason = '']) => reason.length < 10),
    [],
  );
});

test('every npm script that a document names exists, and CONTRIBUTING.md names all but aliases', () => {
  const named = mentions(/\bnpm (?:run )?(start|test|(?<=run )[a-z][a-z:-]*)/g);
  assert.deepEqual(
    named.filter(([, script]) => manifest.scripts[script] === undefined),
    [],
  );
  const explained = new Set(named.filter(([file]) => file === 'CONTRIBUTING.md').map(([, script]) => script));
  assert.deepEqual(
    Object.keys(manifest.scripts).filter((script) => !explained.has(script)),
    [],
  );
});

test('every command that a document names is one that `holdfast --help` lists', () => {
  const help = spawnSync(process.execPath, [join(ROOT, 'bin/holdfast.js'), '--help'], { encoding: 'utf8' });
  assert.equal(help.status, 0, help.stderr);
  const named = mentions(/(?:`|\bnpx )holdfast ([a-z][a-z-]*)/g);
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter(([, command]) => !new RegExp(`^ +(?:holdfast )?${command}\\b`, 'm').test(help.stdout)),
    [],
  );
});

test('links, anchors, rows and blocks are read from Markdown', () => {
  const file = readMarkdown(
    [
      '# A `b` & c, [d](e.md#f "t")!',
      '## Same',
      '## Same',
      '| a | b \\| c |',
      '`[no](link)` ![image](i.png)',
      '```sh',
      '# no heading, [no](link)',
      '```',
    ].join('\n'),
  );
  assert.deepEqual(file.links, ['e.md#f', 'i.png']);
  assert.deepEqual([...file.anchors], ['a-b--c-d', 'same', 'same-1']);
  assert.deepEqual(file.rows, [['a', 'b \\| c']]);
  assert.deepEqual(file.blocks, [{ language: 'sh', code: '# no heading, [no](link)', line: 6 }]);
});
