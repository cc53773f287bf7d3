import { posix } from 'node:path';
import type { Room } from './rooms.ts';
import { readSource, type Source } from './source.ts';

/** Paths relative to the repository, with `/`, and their text. */
export type Files = ReadonlyMap<string, string>;

/** Code that stands only in some rooms. */
const ONLY_IN: readonly { readonly code: RegExp; readonly allowed: (file: string) => boolean }[] = [
  { code: /\bprocess\.env\b/, allowed: (file) => !isIn(file, 'src/') || isIn(file, 'src/config/') },
  { code: /\bconsole\.\w+/, allowed: (file) => !isIn(file, 'src/') || isIn(file, 'src/cli/') },
  { code: /\bprocess\.(exit|abort)\b/, allowed: (file) => !isIn(file, 'src/') || isIn(file, 'src/cli/') },
  {
    code: /\b(Date\.now|Math\.random|performance\.now|new Date\(\)|randomUUID\()/,
    allowed: (file) => !isIn(file, 'src/core/'),
  },
];

/** Every broken rule, one line each; empty when the house stands. */
export function checkArchitecture(rooms: readonly Room[], files: Files): readonly string[] {
  const sources = new Map([...files].map(([file, text]) => [file, readSource(text)]));
  return [
    ...checkFolders(rooms, [...files.keys()]),
    ...[...sources].flatMap(([file, source]) => checkFile(rooms, file, source)),
    ...findCycles(sources),
  ];
}

function checkFolders(rooms: readonly Room[], files: readonly string[]): readonly string[] {
  const missing = files.filter((file) => roomOf(rooms, file) === null);
  return [
    ...[...new Set(missing.map(folderOf))].map((folder) => `${folder} is not in the table of rooms`),
    ...rooms
      .filter((room) => room.isLater === files.some((file) => isIn(file, room.folder)))
      .map(({ folder, isLater }) =>
        isLater ? `${folder} exists, but the table says "(later)"` : `${folder} holds no source file`,
      ),
  ];
}

function checkFile(rooms: readonly Room[], file: string, source: Source): readonly string[] {
  const banned = isTest(file) ? [] : ONLY_IN.filter(({ allowed }) => !allowed(file));
  return [
    ...banned.flatMap(({ code }) => {
      const match = code.exec(source.code);
      return match === null ? [] : [`${file} uses ${match[0]}`];
    }),
    ...source.imports.flatMap((specifier) => checkImport(rooms, file, specifier)),
  ];
}

function checkImport(rooms: readonly Room[], file: string, specifier: string): readonly string[] {
  const room = roomOf(rooms, file);
  if (room === null || isTest(file)) return [];
  if (!specifier.startsWith('.')) return checkPackage(room, file, specifier);
  const target = resolveImport(file, specifier);
  if (isTest(target)) return [`${file} imports the test ${target}`];
  const targetRoom = roomOf(rooms, target);
  if (targetRoom === null) return [];
  const isAllowed =
    targetRoom === room ||
    room.mayImport === 'anything' ||
    room.mayImport.some((name) => targetRoom.folder === `src/${name}/` || targetRoom.folder === `${name}/`);
  return isAllowed ? [] : [`${file} imports ${target}: ${room.folder} may not import ${targetRoom.folder}`];
}

function checkPackage(room: Room, file: string, specifier: string): readonly string[] {
  if (room.packages === 'anything') return [];
  const name = specifier.startsWith('node:') ? specifier : packageOf(specifier);
  const isAllowed =
    room.packages.includes(name) || (name.startsWith('node:') && room.packages.includes('node:*'));
  return isAllowed ? [] : [`${file} imports ${name}, which ${room.folder} may not`];
}

/** The package that a bare specifier belongs to: `zod/mini` is `zod`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** One line per group of files that import each other in a circle. */
function findCycles(sources: ReadonlyMap<string, Source>): readonly string[] {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'open') {
      cycles.push(`import cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
    }
    if (state.has(file)) return;
    state.set(file, 'open');
    const imports = sources.get(file)?.imports ?? [];
    for (const specifier of imports.filter((name) => name.startsWith('.'))) {
      visit(resolveImport(file, specifier), [...path, file]);
    }
    state.set(file, 'done');
  };
  for (const file of sources.keys()) visit(file, []);
  return cycles;
}

function roomOf(rooms: readonly Room[], file: string): Room | null {
  const holding = rooms.filter((room) => isIn(file, room.folder));
  return holding.toSorted((left, right) => right.folder.length - left.folder.length)[0] ?? null;
}

function resolveImport(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier);
}

function isIn(file: string, folder: string): boolean {
  return folder.endsWith('/') ? file.startsWith(folder) : file === folder;
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || isIn(file, 'test/');
}

function folderOf(file: string): string {
  return `${posix.dirname(file)}/`;
}
