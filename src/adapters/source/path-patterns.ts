import ignore from 'ignore';
import type { PathPatterns } from '../../core/ingest/source.ts';

/** What patterns say of paths below a root, with `/` between their parts. */
export interface PathChoice {
  /** A file or folder, which is then not entered. */
  excludes(path: string, isFolder: boolean): boolean;
  /** A file. */
  includes(path: string): boolean;
}

/** Patterns with the rules of `.gitignore`. Without any to include, every file is. */
export function pathChoice({ include, exclude }: PathPatterns): PathChoice {
  const included = ignore({ ignorecase: false }).add([...include]);
  const excluded = ignore({ ignorecase: false }).add([...exclude]);
  return {
    excludes: (path, isFolder) => excluded.ignores(isFolder ? `${path}/` : path),
    includes: (path) => include.length === 0 || included.ignores(path),
  };
}

export const NO_PATTERNS: PathPatterns = { include: [], exclude: [] };
