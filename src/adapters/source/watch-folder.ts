import { watch, type FSWatcher } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { isLeftOutFolder, isLeftOutName } from './left-out.ts';
import { IGNORE_FILES, ignoreRules, type IgnoreRules } from './ignore-rules.ts';

export interface FolderWatchOptions {
  /** A folder, as an absolute path. */
  readonly root: string;
  /** Absolute real paths that are not watched, such as the data folder. */
  readonly excluded: readonly string[];
  /** Files and folders that have changed, come or gone; the root itself when there are many. */
  readonly onChanges: (paths: readonly string[]) => void;
  /** Changes may be missed from now on. Called at most once. */
  readonly onProblem: (error: Error) => void;
  /** Changes are told when so long nothing came, and at the latest after `longestMs`. */
  readonly quietMs?: number;
  readonly longestMs?: number;
}

export interface FolderWatch extends Disposable {
  /** Resolves when every folder that was there is watched. */
  readonly ready: Promise<void>;
}

const QUIET_MS = 150;
const LONGEST_MS = 750;
/** More than so many changes at once are told as a change of the root. */
const MAX_PATHS = 500;

/**
 * Watches a folder with everything below, but what is hidden or left out. The system is asked for one watch per folder,
 * not per file. It may lose events when very much happens at once: whoever must not miss anything looks again now and
 * then.
 */
export function watchFolder(options: FolderWatchOptions): FolderWatch {
  const gathered = gather(options);
  const tree = new WatchedTree(options, gathered.add);
  return {
    ready: tree.add(options.root),
    [Symbol.dispose]() {
      gathered.stop();
      tree.close();
    },
  };
}

function gather({ root, onChanges, quietMs = QUIET_MS, longestMs = LONGEST_MS }: FolderWatchOptions) {
  const paths = new Set<string>();
  let quiet: NodeJS.Timeout | undefined;
  let longest: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearTimeout(quiet);
    clearTimeout(longest);
    longest = undefined;
  };
  const tell = (): void => {
    stop();
    const all = paths.size > MAX_PATHS || paths.has(root) ? [root] : outermost(paths);
    paths.clear();
    onChanges(all);
  };
  return {
    stop,
    add(path: string) {
      if (paths.size <= MAX_PATHS) paths.add(path);
      clearTimeout(quiet);
      quiet = setTimeout(tell, quietMs);
      longest ??= setTimeout(tell, longestMs);
    },
  };
}

/** Paths that no other one is above. */
function outermost(paths: ReadonlySet<string>): string[] {
  return [...paths].filter((path) => {
    for (let above = dirname(path); above !== dirname(above); above = dirname(above))
      if (paths.has(above)) return false;
    return true;
  });
}

/** The watches of a folder and all below. */
class WatchedTree {
  readonly #options: FolderWatchOptions;
  readonly #onChange: (path: string) => void;
  readonly #watches = new Map<string, FSWatcher>();
  #isClosed = false;
  #hasProblem = false;

  constructor(options: FolderWatchOptions, onChange: (path: string) => void) {
    this.#options = options;
    this.#onChange = onChange;
  }

  /** Watches a folder and those below, unless they are left out. */
  async add(folder: string): Promise<void> {
    const rules = await this.#rulesOf(folder);
    if (rules !== null) await this.#addWith(folder, rules);
  }

  close(): void {
    this.#isClosed = true;
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
  }

  /** Null when the folder, or one above it, is left out. */
  async #rulesOf(folder: string): Promise<IgnoreRules | null> {
    const { root } = this.#options;
    let rules = await ignoreRules(root);
    if (folder === root) return rules;
    for (const name of folder.slice(root.length + 1).split(sep)) {
      if (isLeftOutFolder(name) || rules.ignores(name, true)) return null;
      rules = await rules.enter(name);
    }
    return rules;
  }

  async #addWith(folder: string, rules: IgnoreRules): Promise<void> {
    if (this.#isClosed || this.#options.excluded.includes(folder)) return;
    if (!this.#watch(folder)) return;
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) =>
      this.#missed(folder, error),
    );
    for (const entry of entries) {
      if (!entry.isDirectory() || isLeftOutFolder(entry.name) || rules.ignores(entry.name, true)) continue;
      await this.#addWith(join(folder, entry.name), await rules.enter(entry.name));
    }
  }

  #watch(folder: string): boolean {
    this.#watches.get(folder)?.close();
    try {
      const watcher = watch(folder, { persistent: false }, (type, name) => {
        void this.#changed(folder, { type, name });
      });
      watcher.on('error', (error) => {
        this.#drop(folder);
        this.#missed(folder, error);
      });
      this.#watches.set(folder, watcher);
      return true;
    } catch (error) {
      this.#missed(folder, error);
      return false;
    }
  }

  async #changed(
    folder: string,
    { type, name }: { readonly type: string; readonly name: string | null },
  ): Promise<void> {
    if (this.#isClosed) return;
    if (name === null || IGNORE_FILES.some((file) => file === name)) return this.#onChange(folder);
    if (isLeftOutName(name)) return;
    const path = join(folder, name);
    this.#onChange(path);
    if (type !== 'rename') return;
    // Whatever was at this path before is somewhere else now, and its watches with it.
    this.#drop(path);
    const info = await lstat(path).catch(() => null);
    if (info?.isDirectory() !== true || this.#isClosed) return;
    await this.add(path);
    // What came into the folder before it was watched.
    if (!this.#isClosed) this.#onChange(path);
  }

  #drop(folder: string): void {
    if (!this.#watches.has(folder)) return;
    for (const [path, watcher] of this.#watches) {
      if (path !== folder && !path.startsWith(folder + sep)) continue;
      watcher.close();
      this.#watches.delete(path);
    }
  }

  /** A folder that went away is no problem: the folder above tells of it. */
  #missed(folder: string, error: unknown): [] {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    if (!this.#hasProblem)
      this.#options.onProblem(new Error(`${folder} cannot be watched: ${(error as Error).message}`));
    this.#hasProblem = true;
    return [];
  }
}
