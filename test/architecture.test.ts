import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { test } from 'node:test';
import { checkArchitecture, packageOf } from './architecture/check.ts';
import { readRooms } from './architecture/rooms.ts';
import { readSource } from './architecture/source.ts';

const ROOT = dirname(import.meta.dirname);
const WALKED = ['src/**/*.ts', 'eval/**/*.ts', 'bench/**/*.ts', 'load/**/*.ts', 'test/**/*.ts'];

async function readHouse(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const file of glob(WALKED, { cwd: ROOT })) {
    files.set(file.split(sep).join('/'), await readFile(join(ROOT, file), 'utf8'));
  }
  return files;
}

test('the house keeps the rules of docs/architecture.md', async () => {
  const rooms = readRooms(await readFile(join(ROOT, 'docs/architecture.md'), 'utf8'));
  const files = await readHouse();
  assert.ok(files.size > 20);
  assert.deepEqual(checkArchitecture(rooms, files), []);
});

test('each runtime dependency is used, and only in the rooms that the table gives it to', async () => {
  const rooms = readRooms(await readFile(join(ROOT, 'docs/architecture.md'), 'utf8'));
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const granted = new Set(rooms.flatMap((room) => (room.packages === 'anything' ? [] : room.packages)));
  const used = new Set<string>();
  for (const [file, text] of await readHouse()) {
    if (!file.startsWith('src/') || file.endsWith('.test.ts')) continue;
    for (const name of readSource(text).imports.map(packageOf)) used.add(name);
  }
  const packages = Object.keys(manifest.dependencies);
  assert.deepEqual(
    packages.filter((name) => !granted.has(name)),
    [],
    'no room may import these',
  );
  assert.deepEqual(
    packages.filter((name) => !used.has(name)),
    [],
    'no source file imports these',
  );
});

const ROOMS = readRooms(`
| folder | lives here | may import | packages |
|---|---|---|---|
| \`src/main.ts\` | start | cli | nothing |
| \`src/cli/\` | commands | core, lib | \`node:*\` |
| \`src/core/\` | product | lib | nothing |
| \`src/lib/\` | small modules | nothing | \`node:crypto\`, \`zod\` |
| \`src/config/\` (later) | settings | nothing | nothing |
| \`test/\` | tests | anything | anything |

| folder | of another table |
`);

/** Problems of a tiny house in which everything is right but the given files. */
function problemsWith(files: Record<string, string>): readonly string[] {
  const house = {
    'src/main.ts': `import { run } from './cli/run.ts';`,
    'src/cli/run.ts': `import type { A } from '../core/a.ts';\nimport 'node:fs';\nconsole.log(process.argv);`,
    'src/core/a.ts': `export * from '../lib/b.ts';`,
    'src/lib/b.ts': `import { z } from 'zod/mini';\nimport { hash } from "node:crypto";`,
    'test/any.ts': `import { a } from '../src/core/a.ts';\nimport fastify from 'fastify';`,
  };
  return checkArchitecture(ROOMS, new Map(Object.entries({ ...house, ...files })));
}

test('a house in order has no problems', () => {
  assert.deepEqual(problemsWith({}), []);
});

test('an import that the table does not allow is found in every form', () => {
  const forbidden = [
    `import { run } from '../cli/run.ts';`,
    `import type { Run } from '../cli/run.ts';`,
    `import {\n  run,\n  type Run,\n} from "../cli/run.ts";`,
    `import '../cli/run.ts';`,
    `export { run } from '../cli/run.ts';`,
    `export type * from '../cli/run.ts';`,
    `const run = await import('../cli/run.ts');`,
    `type Run = import('../cli/run.ts').Run;`,
    `new Worker(new URL('../cli/run.ts', import.meta.url));`,
  ];
  for (const code of forbidden) {
    assert.deepEqual(
      problemsWith({ 'src/lib/c.ts': code }),
      ['src/lib/c.ts imports src/cli/run.ts: src/lib/ may not import src/cli/'],
      code,
    );
  }
});

test('a test beside its module may import anything, but nothing may import a test', () => {
  assert.deepEqual(problemsWith({ 'src/lib/c.test.ts': `import '../cli/run.ts'; import 'fastify';` }), []);
  assert.deepEqual(
    problemsWith({
      'src/lib/c.test.ts': '',
      'src/lib/d.ts': `import './c.test.ts';`,
      'src/cli/e.ts': `import '../../test/any.ts';`,
    }),
    ['src/lib/d.ts imports the test src/lib/c.test.ts', 'src/cli/e.ts imports the test test/any.ts'],
  );
});

test('a package outside its room is found', () => {
  assert.deepEqual(problemsWith({ 'src/core/c.ts': `import { z } from 'zod';\nimport fs from 'node:fs';` }), [
    'src/core/c.ts imports zod, which src/core/ may not',
    'src/core/c.ts imports node:fs, which src/core/ may not',
  ]);
});

test('a folder that the table lacks is found, and a row without its folder', () => {
  assert.deepEqual(problemsWith({ 'src/shared/c.ts': '', 'src/stray.ts': '' }), [
    'src/shared/ is not in the table of rooms',
    'src/ is not in the table of rooms',
  ]);
  const rooms = readRooms('|folder|may import|packages|\n|-|-|-|\n|`src/lib/`|nothing|nothing|');
  assert.deepEqual(checkArchitecture(rooms, new Map()), ['src/lib/ holds no source file']);
});

test('a row that says "(later)" fails once its folder exists', () => {
  assert.deepEqual(problemsWith({ 'src/config/c.ts': '' }), [
    'src/config/ exists, but the table says "(later)"',
  ]);
});

test('an import cycle is found, type imports counted', () => {
  assert.deepEqual(
    problemsWith({
      'src/lib/c.ts': `import type { D } from './d.ts';`,
      'src/lib/d.ts': `export { e } from './e.ts';`,
      'src/lib/e.ts': `import { c } from './c.ts';`,
    }),
    ['import cycle: src/lib/c.ts -> src/lib/d.ts -> src/lib/e.ts -> src/lib/c.ts'],
  );
});

test('environment, printing, exits, ambient time and chance are found outside their rooms', () => {
  assert.deepEqual(
    problemsWith({
      'src/core/c.ts': `const now = Date.now();`,
      'src/core/d.ts': `const id = Math.random();`,
      'src/core/e.ts': `const today = new Date();`,
      'src/lib/c.ts': `const home = process.env.HOME;`,
      'src/lib/d.ts': `console.error('x');`,
      'src/lib/e.ts': `process.exit(1);`,
      'src/lib/f.ts': `const now = Date.now(); // the clock's own home`,
    }),
    [
      'src/core/c.ts uses Date.now',
      'src/core/d.ts uses Math.random',
      'src/core/e.ts uses new Date()',
      'src/lib/c.ts uses process.env',
      'src/lib/d.ts uses console.error',
      'src/lib/e.ts uses process.exit',
    ],
  );
});

test('comments, strings, templates and regular expressions are no code', () => {
  const text = [
    `// import 'a'`,
    `/* import 'b' */`,
    `const c = "import 'c'"; const d = 'it\\'s // no comment';`,
    'const e = `import("e") ${f(`import("f")`)} console.log`;',
    `const g = /['"]\\/[/']/.test(h) ? 1 / 2 : 3 / 4; // '`,
    `import i from 'i';`,
    'import(`j`);',
  ].join('\n');
  const source = readSource(text);
  assert.deepEqual(source.imports, ['i', 'j']);
  assert.equal(source.code.length, text.length);
  assert.doesNotMatch(source.code, /console|no comment/);
});
