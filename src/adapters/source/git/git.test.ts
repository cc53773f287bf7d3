import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { access, appendFile, chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { collected } from '../../../../test/contract/collected.ts';
import { temporaryFolder } from '../../../../test/temporary-folder.ts';
import type { SourceItem } from '../../../core/ingest/source.ts';
import { gitSource } from './git.ts';

const { signal } = new AbortController();
const run = promisify(execFile);

async function git(folder: string, ...command: string[]): Promise<void> {
  const identity = [
    '-c',
    'user.name=T',
    '-c',
    'user.email=t@example.com',
    '-c',
    'protocol.file.allow=always',
  ];
  await run('git', [...identity, ...command], { cwd: folder });
}

async function write(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

async function commit(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  await git(root, 'init', '-q');
  await write(root, files);
  await git(root, 'add', '-A', '-f');
  await git(root, 'commit', '-q', '-m', 'test');
}

function shown(items: readonly SourceItem[]): string[] {
  return items.map((item) => (item.kind === 'file' ? item.path : `${item.problem.code} ${item.name}`));
}

async function list(root: string): Promise<readonly SourceItem[]> {
  using source = gitSource();
  return await collected(source.list(root, signal));
}

/** Without git there is nothing to test; in CI it has to be there. */
function skip(): string | false {
  const isThere = spawnSync('git', ['--version']).status === 0;
  return isThere || process.env['CI'] === 'true' ? false : 'the command git is not installed';
}

describe('a Git repository as a source', { skip: skip() }, () => {
  it('takes what patterns choose', async () => {
    await using folder = await temporaryFolder();
    await commit(folder.path, { 'a.md': 'first', 'b.txt': 'second', 'docs/c.md': 'third' });
    using source = gitSource();
    const patterns = { include: ['*.md'], exclude: ['docs/'] };
    assert.deepEqual(shown(await collected(source.list(folder.path, signal, { patterns }))), ['a.md']);
  });

  it('lists and reads what HEAD holds, whatever the working folder does', async () => {
    await using folder = await temporaryFolder();
    await commit(folder.path, {
      'a.md': 'first',
      'sub/b.md': 'b',
      'sub/deep/c.md': '',
      '.github/x.md': '',
      'node_modules/y.md': '',
      'drafts/z.md': '',
      '.holdfastignore': 'drafts/',
      'name\nwith break 👩‍🔬.md': 'odd',
    });
    await write(folder.path, { 'a.md': 'second', 'new.md': 'new' });
    using source = gitSource();
    const items = await collected(source.list(folder.path, signal));
    assert.deepEqual(shown(items), ['a.md', 'name\nwith break 👩‍🔬.md', 'sub/b.md', 'sub/deep/c.md']);
    const texts: string[] = [];
    for (const item of items) texts.push(Buffer.from(await source.read(item.item, 100)).toString());
    assert.deepEqual(texts, ['first', 'odd', 'b', '']);
    assert.deepEqual(
      items.map((item) => (item.kind === 'file' ? item.sizeBytes : null)),
      [5, 3, 1, 0],
    );
    await git(folder.path, 'add', '-A');
    await git(folder.path, 'commit', '-q', '-m', 'more');
    assert.equal(Buffer.from(await source.read(join(folder.path, 'a.md'), 100)).toString(), 'second');
  });

  it('may be bare', async () => {
    await using folder = await temporaryFolder();
    const root = join(folder.path, 'work');
    await mkdir(root);
    await commit(root, { 'docs/a.md': 'text' });
    const bare = join(folder.path, 'bare.git');
    await git(folder.path, 'clone', '-q', '--bare', root, bare);
    using source = gitSource();
    const [item] = await collected(source.list(bare, signal));
    assert.equal(item?.item, join(bare, 'docs/a.md'));
    assert.equal(Buffer.from(await source.read(item.item, 100)).toString(), 'text');
  });

  it('names what is too large, gone, elsewhere, or not a file, and goes on', async () => {
    await using folder = await temporaryFolder();
    await write(folder.path, {
      'a.md': 'x'.repeat(50),
      'lfs.md': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n',
    });
    await symlink('/etc/passwd', join(folder.path, 'link.md'));
    await using other = await temporaryFolder();
    await commit(other.path, { 'x.md': 'x' });
    await git(folder.path, 'init', '-q');
    await git(folder.path, 'submodule', '--quiet', 'add', other.path, 'module');
    await commit(folder.path, {});
    using source = gitSource();
    assert.deepEqual(shown(await collected(source.list(folder.path, signal))), [
      'a.md',
      'lfs.md',
      'document_link_skipped link.md',
      'document_unsupported module',
    ]);
    const at = (name: string): string => join(folder.path, name);
    await assert.rejects(source.read(at('a.md'), 49), {
      code: 'document_too_large',
      message: /has 50 bytes/,
    });
    await assert.rejects(source.read(at('none\n.md'), 50), { code: 'document_vanished' });
    await assert.rejects(source.read(at('lfs.md'), 100), { code: 'document_unsupported', message: /LFS/ });
    assert.equal((await source.read(at('a.md'), 50)).length, 50);
  });

  it('that is none, or leads elsewhere, is named', async () => {
    await using folder = await temporaryFolder();
    await assert.rejects(list(join(folder.path, 'none')), { code: 'path_not_found' });
    await assert.rejects(list(folder.path), { code: 'git_unreadable', message: /is not a Git repository/ });
    const empty = join(folder.path, 'empty');
    await mkdir(empty);
    await git(empty, 'init', '-q');
    await assert.rejects(list(empty), { code: 'git_unreadable', message: /HEAD/ });
    const root = join(folder.path, 'main');
    await mkdir(root);
    await commit(root, { 'a.md': 'a' });
    const worktree = join(folder.path, 'worktree');
    await git(root, 'worktree', 'add', '-q', worktree);
    await assert.rejects(list(worktree), { code: 'git_unreadable', message: /give the main repository/ });
    await symlink(join(root, '.git'), join(folder.path, '.git'));
    await assert.rejects(list(folder.path), { code: 'git_unreadable', message: /is no folder/ });
    await write(root, { '.git/commondir': '/elsewhere' });
    await assert.rejects(list(root), { code: 'git_unreadable', message: /has its data elsewhere/ });
  });

  it('that is damaged is named', async () => {
    await using folder = await temporaryFolder();
    await commit(folder.path, { 'a.md': 'a' });
    await writeFile(join(folder.path, '.git/HEAD'), 'ref: refs/heads/none\n');
    await assert.rejects(list(folder.path), { code: 'git_unreadable' });
    await writeFile(join(folder.path, '.git/config'), '[broken');
    using source = gitSource();
    await assert.rejects(source.read(join(folder.path, 'a.md'), 10), {
      code: 'git_unreadable',
      message: /config/,
    });
  });

  it('runs nothing that the repository says', async () => {
    await using folder = await temporaryFolder();
    await commit(folder.path, {
      'a.md': 'text',
      '.gitattributes': '*.md filter=evil diff=evil merge=evil text eol=crlf export-subst ident',
    });
    const marker = join(folder.path, 'ran');
    const script = join(folder.path, 'evil.sh');
    await writeFile(script, `#!/bin/sh\necho "$0 $*" >> ${marker}\nexit 0\n`);
    await chmod(script, 0o755);
    const settings = `
[core]
  fsmonitor = ${script}
  hooksPath = ${folder.path}/hooks
  sshCommand = ${script}
  gitProxy = ${script}
  pager = ${script}
  editor = ${script}
  askPass = ${script}
  alternateRefsCommand = ${script}
  repositoryformatversion = 1
[pager]
  ls-tree = ${script}
  cat-file = ${script}
[filter "evil"]
  clean = ${script}
  smudge = ${script}
  process = ${script}
  required = true
[diff]
  external = ${script}
[diff "evil"]
  command = ${script}
  textconv = ${script}
[alias]
  ls-tree = !${script}
  cat-file = !${script}
[credential]
  helper = !${script}
[protocol]
  allow = always
[protocol "ext"]
  allow = always
[extensions]
  partialClone = evil
[remote "evil"]
  url = ext::${script}
  promisor = true
  uploadpack = ${script}
`;
    await appendFile(join(folder.path, '.git/config'), settings);
    await mkdir(join(folder.path, 'hooks'));
    for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction'])
      await symlink(script, join(folder.path, 'hooks', hook));
    using source = gitSource();
    assert.deepEqual(shown(await collected(source.list(folder.path, signal))), ['a.md']);
    assert.equal(Buffer.from(await source.read(join(folder.path, 'a.md'), 100)).toString(), 'text');
    await assert.rejects(source.read(join(folder.path, 'none.md'), 100), { code: 'document_vanished' });
    // An object that is not here would be fetched from the promisor.
    const { stdout } = await run('git', ['rev-parse', 'HEAD:a.md'], {
      cwd: folder.path,
      env: { GIT_DIR: '.git', PATH: process.env['PATH'] },
    });
    const object = stdout.trim();
    await run('rm', ['-f', join(folder.path, '.git/objects', object.slice(0, 2), object.slice(2))]);
    using fresh = gitSource();
    await assert.rejects(fresh.read(join(folder.path, 'a.md'), 100));
    await assert.rejects(access(marker), { code: 'ENOENT' });
  });

  it('is read in order by many at once', async () => {
    await using folder = await temporaryFolder();
    const files = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`${index}.md`, `${index}`.repeat(index * 400)]),
    );
    await commit(folder.path, files);
    using source = gitSource();
    const texts = await Promise.all(
      Object.keys(files).map(async (name) =>
        Buffer.from(await source.read(join(folder.path, name), 1e6)).toString(),
      ),
    );
    assert.deepEqual(texts, Object.values(files));
  });
});
