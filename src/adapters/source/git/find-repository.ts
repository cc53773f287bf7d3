import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../../../core/errors.ts';

export interface Repository {
  /** The folder that paths are relative to. */
  readonly root: string;
  /** Where its objects are: `.git` in the root, or the root itself when it is bare. */
  readonly gitFolder: string;
}

/**
 * The repository whose root this folder is. One whose data are elsewhere (a linked worktree, a submodule) is refused:
 * a file in a folder of documents must not lead to other folders.
 * @throws HoldfastError `path_not_found`, `git_unreadable`.
 */
export async function repositoryAt(root: string): Promise<Repository> {
  if ((await kindOf(root)) === null) throw new HoldfastError('path_not_found', `there is no folder ${root}`);
  const inside = join(root, '.git');
  const kind = await kindOf(inside);
  if (kind !== null && kind !== 'folder')
    throw unreadable(`${inside} is no folder: give the main repository, not a worktree or submodule`);
  const gitFolder = kind === 'folder' ? inside : root;
  const [head, objects, elsewhere] = await Promise.all(
    ['HEAD', 'objects', 'commondir'].map(async (name) => kindOf(join(gitFolder, name))),
  );
  if (head !== 'file' || objects !== 'folder') throw unreadable(`${root} is not a Git repository`);
  if (elsewhere !== null) throw unreadable(`${gitFolder} has its data elsewhere: give the main repository`);
  return { root, gitFolder };
}

/** The repository that an item is in: the nearest one above. @throws HoldfastError `document_vanished`. */
export async function repositoryOf(item: string): Promise<Repository> {
  for (let folder = dirname(item); ; folder = dirname(folder)) {
    try {
      return await repositoryAt(folder);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
    }
    if (folder === dirname(folder))
      throw new HoldfastError('document_vanished', `${item}: its repository is not there any more`);
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'other' | null> {
  try {
    const info = await lstat(path);
    if (info.isDirectory()) return 'folder';
    return info.isFile() ? 'file' : 'other';
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

function unreadable(what: string): HoldfastError {
  return new HoldfastError('git_unreadable', what);
}
