import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, chmod, mkdir, open, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { collected } from '../../../test/contract/collected.ts';
import type { ListOptions, PathPatterns, SourceItem } from '../../core/ingest/source.ts';
import { sha256Hex } from '../../lib/hash.ts';
import { folderSource } from './folder.ts';
import { hashFile, readFile, type OpenedFile, type OpenFile } from './read-file.ts';

const { signal } = new AbortController();

async function fill(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), `text of ${path}`);
  }
}

async function list(root: string, excluded: readonly string[] = []): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  for await (const item of folderSource({ excluded }).list(root, signal)) items.push(item);
  return items;
}

async function chosen(root: string, options: Omit<ListOptions, 'patterns'> & Partial<PathPatterns>) {
  const { include = [], exclude = [], within } = options;
  const source = folderSource({ excluded: [] });
  return shown(await collected(source.list(root, signal, { within, patterns: { include, exclude } })));
}

/** Paths of files; `code name` of problems. */
function shown(items: readonly SourceItem[]): string[] {
  return items.map((item) => (item.kind === 'file' ? item.path : `${item.problem.code} ${item.name}`));
}

describe('a folder as a source', () => {
  it('lists its files in a stable order, those of a folder before those below', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['b/2.md', 'b/1.md', 'z.md', 'a.md', 'b/c/d/3.md', 'a/x.md', 'B.md', 'b-/y.md']);
    const expected = ['B.md', 'a.md', 'z.md', 'a/x.md', 'b/1.md', 'b/2.md', 'b/c/d/3.md', 'b-/y.md'];
    assert.deepEqual(shown(await list(folder.path)), expected);
    assert.deepEqual(shown(await list(folder.path)), expected);
  });

  it('tells what is known of a file without reading it', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['a b/ü#?.md']);
    const path = join(folder.path, 'a b', 'ü#?.md');
    assert.deepEqual(await list(folder.path), [
      {
        kind: 'file',
        item: path,
        name: 'ü#?.md',
        path: 'a b/ü#?.md',
        uri: pathToFileURL(path).href,
        sizeBytes: Buffer.byteLength('text of a b/ü#?.md'),
      },
    ]);
  });

  it('leaves out hidden entries, packages, and the folders that it is told', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, [
      'a.md',
      '.git/config',
      '.hidden.md',
      'node_modules/x/README.md',
      'sub/node_modules/y.md',
      'sub/__pycache__/z.md',
      'holdfast-data/catalog.db',
      'sub/b.md',
    ]);
    const excluded = [join(folder.path, 'holdfast-data')];
    assert.deepEqual(shown(await list(folder.path, excluded)), ['a.md', 'sub/b.md']);
  });

  it('takes a file with the name of a left out folder', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['node_modules']);
    assert.deepEqual(shown(await list(folder.path)), ['node_modules']);
  });

  it('is one file when the root is one', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['a.md', 'b.md']);
    const items = await list(join(folder.path, 'a.md'));
    assert.deepEqual(shown(items), ['a.md']);
    assert.equal(items[0]?.item, join(folder.path, 'a.md'));
  });

  it('takes what patterns include, but for what they exclude', async () => {
    await using folder = await temporaryFolder();
    const { path: root } = folder;
    await fill(root, [
      'a.md',
      'b.pdf',
      'c.txt',
      'docs/d.md',
      'docs/drafts/e.md',
      'docs/f.PDF',
      'drafts/g.md',
    ]);
    await fill(root, ['docs/.gitignore', '[odd] (name)!.md']);
    const cases: readonly (readonly [Partial<PathPatterns>, readonly string[]])[] = [
      [{ include: ['*.pdf', '*.txt'] }, ['b.pdf', 'c.txt']],
      [{ include: ['docs/'] }, ['docs/d.md', 'docs/f.PDF', 'docs/drafts/e.md']],
      [{ include: ['/*.md'] }, ['[odd] (name)!.md', 'a.md']],
      [{ include: ['docs/*.md'] }, ['docs/d.md']],
      [{ include: ['docs/**/*.md'] }, ['docs/d.md', 'docs/drafts/e.md']],
      [{ include: ['*.md', '!a.md'], exclude: ['docs', '\\[odd*'] }, ['drafts/g.md']],
      [{ exclude: ['drafts/', '*.pdf'] }, ['[odd] (name)!.md', 'a.md', 'c.txt', 'docs/d.md', 'docs/f.PDF']],
      [{ include: ['['] }, []],
      [{ include: ['nothing'] }, []],
    ];
    for (const [patterns, expected] of cases)
      assert.deepEqual(await chosen(root, patterns), expected, JSON.stringify(patterns));
    assert.deepEqual(await chosen(join(root, 'a.md'), { include: ['*.pdf'] }), []);
    assert.deepEqual(await chosen(join(root, 'a.md'), { include: ['*.md'] }), ['a.md']);
  });

  it('reads patterns from the folder that a part is of', async () => {
    await using folder = await temporaryFolder();
    const { path: root } = folder;
    await fill(root, ['docs/a.md', 'docs/drafts/b.md', 'docs/c.txt']);
    const part = async (path: string, patterns: Partial<PathPatterns>) =>
      chosen(join(root, path), { within: root, ...patterns });
    assert.deepEqual(await part('docs', { exclude: ['/docs/drafts'] }), ['docs/a.md', 'docs/c.txt']);
    assert.deepEqual(await part('docs/drafts/b.md', { exclude: ['drafts/'] }), []);
    assert.deepEqual(await part('docs/c.txt', { include: ['*.md'] }), []);
    assert.deepEqual(await part('docs/a.md', { include: ['docs/'] }), ['docs/a.md']);
  });

  it('never enters what patterns exclude, and shows no problem of it', async () => {
    await using folder = await temporaryFolder();
    await using outside = await temporaryFolder();
    const { path: root } = folder;
    await fill(root, ['a.md', 'real/b.md']);
    await symlink(outside.path, join(root, 'away'));
    await symlink(join(root, 'real'), join(root, 'link'));
    assert.deepEqual(await chosen(root, { exclude: ['away'] }), [
      'a.md',
      'document_link_skipped real',
      'link/b.md',
    ]);
    assert.deepEqual(await chosen(root, { exclude: ['link/', 'away'] }), [
      'a.md',
      'document_link_skipped real',
    ]);
    assert.deepEqual(await chosen(root, { include: ['*.md'], exclude: ['real'] }), ['a.md', 'link/b.md']);
  });

  it('refuses a root that is not there', async () => {
    await using folder = await temporaryFolder();
    await assert.rejects(list(join(folder.path, 'none')), { code: 'path_not_found', message: /none/ });
  });

  it('follows links to folders within the root, each folder once', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['real/a.md']);
    await symlink(join(folder.path, 'real'), join(folder.path, 'again'));
    await symlink('.', join(folder.path, 'real', 'loop'));
    await symlink('..', join(folder.path, 'real', 'up'));
    const items = await list(folder.path);
    assert.deepEqual(
      shown(items).filter((one) => one.endsWith('a.md')),
      ['again/a.md'],
    );
    const skipped = items.filter((item) => item.kind === 'problem');
    assert.ok(skipped.length >= 3);
    assert.ok(
      skipped.every((item) => item.state === 'skipped' && item.problem.code === 'document_link_skipped'),
    );
  });

  it('does not follow a link out of the root', async () => {
    await using folder = await temporaryFolder();
    await using outside = await temporaryFolder();
    await fill(outside.path, ['secret.md', 'sub/secret.md']);
    await symlink(join(outside.path, 'secret.md'), join(folder.path, 'file.md'));
    await symlink(join(outside.path, 'sub'), join(folder.path, 'sub'));
    const items = await list(folder.path);
    assert.deepEqual(shown(items), ['document_link_skipped file.md', 'document_link_skipped sub']);
    assert.ok(items.every((item) => item.kind === 'problem' && item.state === 'skipped'));
    assert.ok(items.every((item) => item.kind === 'problem' && item.problem.reason.includes(outside.path)));
  });

  it('names links that lead in a circle or nowhere, and goes on', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['z.md']);
    await symlink('b', join(folder.path, 'a'));
    await symlink('a', join(folder.path, 'b'));
    await symlink('missing', join(folder.path, 'c'));
    assert.deepEqual(shown(await list(folder.path)), [
      'document_link_skipped a',
      'document_link_skipped b',
      'document_unreadable c',
      'z.md',
    ]);
  });

  it('skips a link to a file that is read by itself', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['a.md']);
    await symlink('a.md', join(folder.path, 'b.md'));
    assert.deepEqual(shown(await list(folder.path)), ['a.md', 'document_link_skipped b.md']);
  });

  it('can be a link itself', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['real/a.md']);
    const link = join(folder.path, 'link');
    await symlink('real', link);
    const items = await list(link);
    assert.deepEqual(shown(items), ['a.md']);
    assert.equal(items[0]?.item, join(link, 'a.md'));
  });

  it('skips what is neither file nor folder', async () => {
    await using folder = await temporaryFolder();
    await promisify(execFile)('mkfifo', [join(folder.path, 'pipe')]);
    assert.deepEqual(shown(await list(folder.path)), ['document_unsupported pipe']);
  });

  it('says that what is below a folder that cannot be listed is not known', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['a/1.md', 'b.md', 'c/2.md']);
    const items: SourceItem[] = [];
    for await (const item of folderSource({ excluded: [] }).list(folder.path, signal)) {
      if (items.length === 0) await rm(join(folder.path, 'a'), { recursive: true });
      items.push(item);
    }
    assert.deepEqual(shown(items), ['b.md', 'document_unreadable a', 'c/2.md']);
    assert.deepEqual(
      items.map((item) => item.kind === 'problem' && item.hidesItems),
      [false, true, false],
    );
  });

  it('stops between folders when it is aborted', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['a.md', 'sub/b.md']);
    const controller = new AbortController();
    const items: SourceItem[] = [];
    await assert.rejects(async () => {
      for await (const item of folderSource({ excluded: [] }).list(folder.path, controller.signal)) {
        items.push(item);
        controller.abort(new Error('enough'));
      }
    }, /enough/);
    assert.deepEqual(shown(items), ['a.md']);
  });
});

async function listed(files: Readonly<Record<string, string>>): Promise<string[]> {
  await using folder = await temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), text);
  }
  return shown(await list(folder.path));
}

describe('ignore files', () => {
  it('leave out what they name, as git reads them', async () => {
    assert.deepEqual(
      await listed({
        '.gitignore': '*.log\n/build\n# a comment\nfolder/\n!keep.log\ndocs/**/draft.md\n\\#hash.md\n',
        'a.log': '',
        'keep.log': '',
        build: '',
        'sub/build': '',
        folder: '',
        'sub/folder/x.md': '',
        'docs/a/b/draft.md': '',
        'docs/draft.md': '',
        'draft.md': '',
        '#hash.md': '',
        'A.LOG': '',
      }),
      ['A.LOG', 'draft.md', 'folder', 'keep.log', 'sub/build'],
    );
  });

  it('of a folder further down decide for it, and bring back nothing from a folder that is left out', async () => {
    assert.deepEqual(
      await listed({
        '.gitignore': '*.txt\nout/\n',
        'a.txt': '',
        'sub/.gitignore': '!*.txt\n/own.md\n',
        'sub/b.txt': '',
        'sub/own.md': '',
        'sub/deep/own.md': '',
        'sub/deep/c.txt': '',
        'out/.gitignore': '!*\n',
        'out/d.md': '',
      }),
      ['sub/b.txt', 'sub/deep/c.txt', 'sub/deep/own.md'],
    );
  });

  it('of Holdfast win over those of git, and can turn a list of exceptions into a list of what is taken', async () => {
    assert.deepEqual(
      await listed({
        '.gitignore': '*.pdf\n',
        '.holdfastignore': '*\n!*/\n!*.md\n!*.pdf\n',
        'a.md': '',
        'b.pdf': '',
        'c.txt': '',
        'sub/d.md': '',
        'sub/e.txt': '',
      }),
      ['a.md', 'b.pdf', 'sub/d.md'],
    );
  });

  it('that cannot be read leave out nothing', async () => {
    await using folder = await temporaryFolder();
    await promisify(execFile)('mkfifo', [join(folder.path, '.gitignore')]);
    await fill(folder.path, ['a.md', '.holdfastignore/x']);
    assert.deepEqual(shown(await list(folder.path)), ['a.md']);
  });
});

describe('names of files', () => {
  const names = [
    'line\nbreak.md',
    'tab\there.md',
    'emoji 👩‍🔬.md',
    '\u202Etxt.exe.md',
    'שלום.md',
    'é.md',
    'e\u0301.md',
    `${'x'.repeat(252)}.md`,
    'quote\'"`$(x).md',
    'percent%2e%2e.md',
    '#hash?.md',
    ' space .md',
    '-rf.md',
    '\\back.md',
    'CON.md',
  ] as const;
  for (const name of names) {
    it(`may be ${JSON.stringify(name).slice(0, 40)}`, async () => {
      await using folder = await temporaryFolder();
      await writeFile(join(folder.path, name), 'text');
      const source = folderSource({ excluded: [] });
      const [item] = await list(folder.path);
      assert.ok(item?.kind === 'file');
      assert.deepEqual([item.name, item.path], [name, name]);
      assert.equal(Buffer.from(await source.read(item.item, 100)).toString(), 'text');
      assert.equal(fileURLToPath(item.uri), item.item);
    });
  }
});

/** Opens a file that is appended to behind each of the next reads. */
const writing = (times: number): OpenFile => {
  let left = times;
  return async (path, flags) => {
    const file = await open(path, flags);
    const read = file.read.bind(file);
    return Object.assign(file, {
      async read(...parameters: Parameters<typeof read>) {
        const result = await read(...parameters);
        if (left-- > 0) await appendFile(path, '!');
        return result;
      },
    }) as OpenedFile;
  };
};

describe('reading an item', () => {
  const { read } = folderSource({ excluded: [] });

  it('gives the bytes', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['a.md']);
    assert.equal(Buffer.from(await read(join(folder.path, 'a.md'), 100)).toString(), 'text of a.md');
  });

  it('takes a file of just the largest size', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.md');
    await writeFile(path, 'x'.repeat(10));
    assert.equal((await read(path, 10)).length, 10);
    await assert.rejects(read(path, 9), { code: 'document_too_large', message: /has 10 bytes; at most 9/ });
  });

  it('hashes what it would read', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.bin');
    for (const size of [0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 700_000]) {
      await writeFile(path, randomBytes(size));
      assert.equal(await hashFile(path, size), sha256Hex(await readFile(path, size)));
    }
    await assert.rejects(hashFile(path, 10), { code: 'document_too_large' });
    await writeFile(path, 'text of a.md');
    assert.equal(await hashFile(path, 100, writing(1)), sha256Hex('text of a.md!'));
    await assert.rejects(hashFile(path, 100, writing(Infinity)), { code: 'document_changing' });
    await assert.rejects(hashFile(join(folder.path, 'none'), 10), { code: 'document_vanished' });
  });

  it('names a file that went away', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.md');
    await assert.rejects(read(path, 10), {
      code: 'document_vanished',
      message: `${path}: it is not there any more`,
    });
  });

  it('names a folder that took the place of a file', async () => {
    await using folder = await temporaryFolder();
    await assert.rejects(read(folder.path, 1e6), { code: 'document_unreadable', message: /it is a folder/ });
  });

  it('opens no link, pipe or folder that has taken the place of a file', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['a.md']);
    const at = (name: string): string => join(folder.path, name);
    await symlink(at('a.md'), at('link'));
    await promisify(execFile)('mkfifo', [at('pipe')]);
    await assert.rejects(read(at('link'), 100), {
      code: 'document_link_skipped',
      message: `${at('link')}: a symbolic link has taken its place`,
    });
    await assert.rejects(read(at('pipe'), 100), { code: 'document_unsupported' });
    await assert.rejects(read(at('a.md/b.md'), 100), { code: 'document_vanished' });
  });

  it('reads a file again that changes meanwhile, and names one that never rests', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path, ['a.md']);
    const path = join(folder.path, 'a.md');
    assert.equal(Buffer.from(await readFile(path, 100, writing(1))).toString(), 'text of a.md!');
    await assert.rejects(readFile(path, 100, writing(Infinity)), {
      code: 'document_changing',
      message: `${path} was written to each of the 3 times it was read`,
    });
    await assert.rejects(readFile(path, 20, writing(Infinity)), { code: 'document_too_large' });
  });

  it('names a file that may not be read', { skip: skipPermissions() }, async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.md');
    await fill(folder.path, ['a.md']);
    await chmod(path, 0o000);
    await assert.rejects(read(path, 10), { code: 'document_unreadable', message: /permission denied/ });
  });
});

/** Root may read everything. */
function skipPermissions(): string | false {
  return process.getuid?.() === 0 ? 'the user that runs the tests is root, who may read every file' : false;
}
