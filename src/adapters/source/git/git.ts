import { basename, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import ignore, { type Ignore } from 'ignore';
import { HoldfastError, type ErrorCode } from '../../../core/errors.ts';
import type { Source, SourceItem } from '../../../core/ingest/source.ts';
import { NO_PATTERNS, pathChoice } from '../path-patterns.ts';
import { repositoryAt, repositoryOf, type Repository } from './find-repository.ts';
import { objectReader, type ObjectReader } from './object-reader.ts';
import { gitOutput } from './run-git.ts';

const IGNORE_FILE = '.holdfastignore';
const MAX_IGNORE_BYTES = 1024 * 1024;

/**
 * The files of the commit that a repository on this machine has checked out, or that its HEAD names when it is bare:
 * without history, network, hooks and filters, and whatever the working folder holds. Hidden files, and what a
 * `.holdfastignore` in the root names, are left out.
 */
export function gitSource(): Source & Disposable {
  const readers = new Map<string, ObjectReader>();
  const readerOf = ({ gitFolder }: Repository): ObjectReader => {
    const reader = readers.get(gitFolder) ?? objectReader(gitFolder);
    readers.set(gitFolder, reader);
    return reader;
  };
  return {
    async *list(root, signal, { patterns = NO_PATTERNS } = {}) {
      const repository = await repositoryAt(root);
      const rules = await rulesOf(readerOf(repository));
      const choice = pathChoice(patterns);
      const command = ['ls-tree', '-r', '-z', '-l', '--full-tree', 'HEAD'];
      for await (const entry of records(gitOutput(repository.gitFolder, command, signal))) {
        const path = entry.slice(entry.indexOf('\t') + 1);
        if (choice.excludes(path, false) || !choice.includes(path)) continue;
        const item = itemOf(entry, repository.root, rules);
        if (item !== null) yield item;
      }
    },
    async read(item, maxBytes) {
      const repository = await repositoryOf(item);
      const path = relative(repository.root, item).split(sep).join('/');
      const bytes = await readerOf(repository).read(`HEAD:${path}`, maxBytes);
      if (bytes === null)
        throw new HoldfastError('document_vanished', `${item}: the commit of HEAD has it no more`);
      if (Buffer.from(bytes.subarray(0, 42)).toString() === 'version https://git-lfs.github.com/spec/v1')
        throw new HoldfastError(
          'document_unsupported',
          `${item}: Git LFS keeps it outside of the repository`,
        );
      return bytes;
    },
    [Symbol.dispose]() {
      for (const reader of readers.values()) reader[Symbol.dispose]();
    },
  };
}

async function rulesOf(reader: ObjectReader): Promise<Ignore> {
  const bytes = await reader.read(`HEAD:${IGNORE_FILE}`, MAX_IGNORE_BYTES);
  return ignore({ ignorecase: false }).add(bytes === null ? '' : Buffer.from(bytes).toString());
}

async function* records(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const piece of pieces) {
    rest = Buffer.concat([rest, piece]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      yield rest.subarray(0, end).toString();
      rest = rest.subarray(end + 1);
    }
  }
}

/** An entry of `ls-tree -l`: mode, type, object, size, a tab, and the path. */
function itemOf(entry: string, root: string, rules: Ignore): SourceItem | null {
  const tab = entry.indexOf('\t');
  const [mode, type, , size] = entry.slice(0, tab).split(/ +/);
  const path = entry.slice(tab + 1);
  const parts = path.split('/');
  if (parts.some((part) => part.startsWith('.') || part === 'node_modules' || part === '__pycache__'))
    return null;
  if (rules.ignores(path)) return null;
  const item = join(root, ...parts);
  if (path.includes('\uFFFD'))
    return problem(item, 'document_unreadable', 'its name is not valid UTF-8; rename it');
  if (type === 'commit')
    return problem(item, 'document_unsupported', 'it is a submodule; ingest it by itself');
  if (mode === '120000')
    return problem(
      item,
      'document_link_skipped',
      'it is a symbolic link; what it leads to is read by itself',
    );
  const uri = pathToFileURL(item).href;
  return { kind: 'file', item, name: basename(item), path, uri, sizeBytes: Number(size) };
}

function problem(item: string, code: ErrorCode, reason: string): SourceItem {
  const state = code === 'document_unreadable' ? 'failed' : 'skipped';
  const told = { code, reason: `${item}: ${reason}` };
  return { kind: 'problem', item, name: basename(item), problem: told, state, hidesItems: false };
}
