import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { HoldfastError } from '../../core/errors.ts';
import { readFile } from './read-file.ts';

/** Files that say what to leave out below their folder, with the rules of `.gitignore`; the later one wins. */
export const IGNORE_FILES = ['.gitignore', '.holdfastignore'] as const;
/** Of one ignore file: more is no list that anybody keeps. */
const MAX_IGNORE_BYTES = 1024 * 1024;

/** The rules that hold in a folder: its own and those of the folders above it, up to the root. */
export interface IgnoreRules {
  /** Whether an entry of the folder is left out. */
  ignores(name: string, isFolder: boolean): boolean;
  /** The rules of a folder below. */
  enter(name: string): Promise<IgnoreRules>;
}

interface Level {
  readonly rules: Ignore;
  /** From the folder with the ignore files to the folder that is looked at, with `/` at its end, or empty. */
  readonly path: string;
}

/** Rules of a root folder. */
export async function ignoreRules(root: string): Promise<IgnoreRules> {
  return rulesAt(root, []);
}

async function rulesAt(folder: string, above: readonly Level[]): Promise<IgnoreRules> {
  const own = await readRules(folder);
  const levels = own === null ? above : [...above, { rules: own, path: '' }];
  return {
    ignores: (name, isFolder) => isIgnored(levels, isFolder ? `${name}/` : name),
    enter: async (name) =>
      rulesAt(
        join(folder, name),
        levels.map(({ rules, path }) => ({ rules, path: `${path}${name}/` })),
      ),
  };
}

/** The innermost file that says anything about an entry decides. */
function isIgnored(levels: readonly Level[], entry: string): boolean {
  for (const { rules, path } of levels.toReversed()) {
    const { ignored, unignored } = rules.test(path + entry);
    if (ignored || unignored) return ignored;
  }
  return false;
}

async function readRules(folder: string): Promise<Ignore | null> {
  const texts: string[] = [];
  for (const name of IGNORE_FILES) {
    const text = await readOrNothing(join(folder, name));
    if (text !== null) texts.push(text);
  }
  return texts.length === 0 ? null : ignore({ ignorecase: false }).add(texts.join('\n'));
}

async function readOrNothing(path: string): Promise<string | null> {
  try {
    return Buffer.from(await readFile(path, MAX_IGNORE_BYTES)).toString();
  } catch (error) {
    // A file that is not there, or cannot be read, rules nothing: what it would hide is listed, and seen.
    if (error instanceof HoldfastError) return null;
    throw error;
  }
}
