import assert from 'node:assert/strict';
import { appendFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { watchFolder } from './watch-folder.ts';

const LIMIT_MS = 60_000;

interface Rig extends AsyncDisposable {
  readonly root: string;
  readonly at: (path: string) => string;
  /** Resolves when all these paths were told of since the last call, alone or as part of a folder above. */
  readonly told: (...paths: string[]) => Promise<void>;
  /** Paths told of so far, relative to the root. */
  readonly all: Set<string>;
  readonly problems: Error[];
}

async function rig(
  prepare?: (root: string) => Promise<void>,
  excluded: readonly string[] = [],
): Promise<Rig> {
  const folder = await temporaryFolder();
  const root = folder.path;
  await prepare?.(root);
  const all = new Set<string>();
  const problems: Error[] = [];
  let wake = Promise.withResolvers<null>();
  const watch = watchFolder({
    root,
    excluded: excluded.map((path) => join(root, path)),
    onChanges(paths) {
      for (const path of paths) all.add(relative(root, path));
      wake.resolve(null);
    },
    onProblem: (error) => problems.push(error),
  });
  await watch.ready;
  const isTold = (path: string): boolean =>
    all.has('') || [...all].some((one) => one === path || path.startsWith(`${one}/`));
  return {
    root,
    at: (path) => join(root, path),
    all,
    problems,
    async told(...paths) {
      const limit = AbortSignal.timeout(LIMIT_MS);
      const late = Promise.withResolvers<never>();
      limit.addEventListener('abort', () => late.reject(new Error(`not told: ${paths}; told: ${[...all]}`)));
      while (!paths.every(isTold)) {
        await Promise.race([wake.promise, late.promise]);
        wake = Promise.withResolvers();
      }
      all.clear();
    },
    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe('a watched folder', () => {
  it('tells of files that come, change, move and go', async () => {
    await using watch = await rig(async (root) => mkdir(join(root, 'sub')));
    await writeFile(watch.at('a.md'), 'a');
    await writeFile(watch.at('sub/b.md'), 'b');
    await watch.told('a.md', 'sub/b.md');
    await appendFile(watch.at('sub/b.md'), 'more');
    await watch.told('sub/b.md');
    await rename(watch.at('a.md'), watch.at('sub/c.md'));
    await watch.told('a.md', 'sub/c.md');
    await rm(watch.at('sub/c.md'));
    await watch.told('sub/c.md');
  });

  it('tells of folders that come with what is in them, and of what changes there later', async () => {
    await using watch = await rig();
    await mkdir(watch.at('x/y/z'), { recursive: true });
    await writeFile(watch.at('x/y/z/a.md'), 'a');
    await watch.told('x/y/z/a.md');
    // Until the new folders are watched, a change in them is told of as a change of the folder above.
    for (const name of ['b.md', 'c.md']) {
      await writeFile(watch.at(`x/y/z/${name}`), name);
      await watch.told(`x/y/z/${name}`);
    }
  });

  it('follows folders that are renamed, moved away and put back', async () => {
    await using outside = await temporaryFolder();
    await using watch = await rig(async (root) => {
      await mkdir(join(root, 'a/deep'), { recursive: true });
      await writeFile(join(root, 'a/deep/1.md'), '1');
    });
    await rename(watch.at('a'), watch.at('b'));
    await watch.told('a', 'b/deep/1.md');
    await appendFile(watch.at('b/deep/1.md'), '2');
    await watch.told('b/deep/1.md');
    await rename(watch.at('b'), join(outside.path, 'b'));
    await watch.told('b');
    await mkdir(watch.at('b/deep'), { recursive: true });
    await watch.told('b');
    await writeFile(watch.at('b/deep/2.md'), '2');
    await watch.told('b/deep/2.md');
    await rm(watch.at('b'), { recursive: true });
    await watch.told('b');
  });

  it('tells of a file that an editor replaces, and not of its temporary files', async () => {
    await using watch = await rig(async (root) => writeFile(join(root, 'a.md'), 'a'));
    await writeFile(watch.at('.a.md.swp'), '');
    await writeFile(watch.at('a.md~'), 'a');
    await writeFile(watch.at('#a.md#'), 'a');
    await writeFile(watch.at('a.md.tmp'), 'b');
    await rename(watch.at('a.md.tmp'), watch.at('a.md'));
    await writeFile(watch.at('last.md'), 'last');
    await watch.told('a.md', 'last.md');
    assert.deepEqual([...watch.all], []);
  });

  it('does not look into hidden and left out folders, but at what says what is left out', async () => {
    await using watch = await rig(
      async (root) => {
        for (const name of ['.git', 'node_modules', 'build', 'data', 'sub']) await mkdir(join(root, name));
        await writeFile(join(root, '.gitignore'), 'build/\n');
        await symlink(join(root, 'sub'), join(root, 'link'));
      },
      ['data'],
    );
    for (const name of ['.git', 'node_modules', 'build', 'data'])
      await writeFile(watch.at(`${name}/a.md`), 'a');
    await writeFile(watch.at('sub/a.md'), 'a');
    const told: string[] = [];
    await watch.told('sub/a.md');
    assert.deepEqual(told, []);
    await writeFile(watch.at('.gitignore'), '');
    await watch.told('');
  });

  it('tells of a thousand changes at once as a change of the whole', async () => {
    await using watch = await rig(async (root) => mkdir(join(root, 'sub')));
    const names = Array.from({ length: 1000 }, (_, index) => `sub/${index}.md`);
    for (let start = 0; start < names.length; start += 100)
      await Promise.all(names.slice(start, start + 100).map(async (name) => writeFile(watch.at(name), name)));
    await watch.told('sub/0.md', 'sub/999.md');
    assert.deepEqual(watch.problems, []);
  });

  it('says that it cannot watch', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'file'), '');
    const problems: Error[] = [];
    using watch = watchFolder({
      root: join(folder.path, 'x'.repeat(300)),
      excluded: [],
      onChanges: () => undefined,
      onProblem: (error) => problems.push(error),
    });
    await watch.ready;
    assert.match(String(problems), /cannot be watched/);
  });
});
