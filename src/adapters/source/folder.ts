import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HoldfastError } from '../../core/errors.ts';
import type { Source, SourceItem } from '../../core/ingest/source.ts';
import { systemClock, type Clock } from '../../lib/clock.ts';
import { ignoreRules, type IgnoreRules } from './ignore-rules.ts';
import { NO_PATTERNS, pathChoice, type PathChoice } from './path-patterns.ts';
import { isLeftOutFolder, isLeftOutName } from './left-out.ts';
import { fileStamp } from './file-stamp.ts';
import { hashFile, readFile, reasonOf } from './read-file.ts';

export interface FolderSourceOptions {
  /** Absolute real paths that are never entered, such as the data folder. */
  readonly excluded: readonly string[];
  /** Default: the machine's. */
  readonly clock?: Clock;
}

interface Walk {
  /** The root as it was given, and its real path. */
  readonly start: string;
  readonly root: string;
  readonly excluded: ReadonlySet<string>;
  /** Real paths of the folders entered so far. */
  readonly seen: Set<string>;
  readonly choice: PathChoice;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Files of a folder on this machine. Hidden entries (`.git`, ...), temporary files, `node_modules` and `__pycache__` are
 * left out, and what `.gitignore` and `.holdfastignore` below the root say, and the patterns of the listing. Symbolic
 * links are followed within the root, each folder once.
 */
export function folderSource(options: FolderSourceOptions): Source {
  const { clock = systemClock } = options;
  return {
    async *list(root, signal, { within, patterns = NO_PATTERNS } = {}) {
      const start = within ?? root;
      const real = await rootPath(start);
      const info = await stat(real, { bigint: true });
      const choice = pathChoice(patterns);
      if (!info.isDirectory()) {
        if (choice.excludes(basename(root), false) || !choice.includes(basename(root))) return;
        // What a link leads to is read, but only if the link was there from the start.
        yield file(real, basename(root), { info, clock });
        return;
      }
      const excluded = new Set(options.excluded);
      const state = { start, root: real, excluded, seen: new Set([real]), choice, clock, signal };
      const first = { folder: start, rules: await ignoreRules(start) };
      if (within === undefined || root === within) yield* walk(first, state);
      else yield* part(relative(within, root).split(sep), { first, state });
    },
    read: readFile,
    hash: hashFile,
  };
}

async function rootPath(root: string): Promise<string> {
  try {
    return await realpath(root);
  } catch (error) {
    throw new HoldfastError('path_not_found', `there is no file or folder ${root}`, { cause: error });
  }
}

function file(
  item: string,
  path: string,
  { info, clock }: { readonly info: BigIntStats; readonly clock: Clock },
): SourceItem {
  const parts = path.split(sep);
  const uri = pathToFileURL(item).href;
  const stamp = fileStamp(info, clock.now());
  const shown = { name: basename(item), path: parts.join('/'), uri, sizeBytes: Number(info.size) };
  return { kind: 'file', item, ...shown, ...(stamp === null ? {} : { stamp }) };
}

/** What `readdir` and `lstat` both tell. */
type Entry = Pick<Dirent, 'name' | 'isDirectory' | 'isFile' | 'isSymbolicLink'>;

interface Visit {
  readonly folder: string;
  readonly rules: IgnoreRules;
}

/** What a walk of the start would give for the path below it; nothing when it is not there, left out, or a link. */
async function* part(
  path: readonly string[],
  { first, state }: { readonly first: Visit; readonly state: Walk },
): AsyncGenerator<SourceItem> {
  let { folder, rules } = first;
  for (const [index, name] of path.entries()) {
    const place = join(folder, name);
    const entry = await entryAt(place);
    if (entry === null || isLeftOut(entry, rules) || isNotChosen(place, entry, state)) return;
    const isLast = index === path.length - 1;
    if (!isLast && !entry.isDirectory()) return;
    const item = await resolveEntry(place, entry, state);
    if (item === 'excluded') return;
    if (item !== 'folder') {
      if (isTaken(place, entry, state)) yield item;
      return;
    }
    folder = place;
    rules = await rules.enter(name);
  }
  yield* walk({ folder, rules }, state);
}

async function entryAt(path: string): Promise<Entry | null> {
  try {
    return Object.assign(await lstat(path), { name: basename(path) });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new HoldfastError('document_unreadable', `${path}: ${reasonOf(error)}`, { cause: error });
  }
}

async function* walk(first: Visit, state: Walk): AsyncGenerator<SourceItem> {
  const pending = [first];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    state.signal.throwIfAborted();
    const { folder, rules } = next;
    const found = await entries(folder);
    if (!Array.isArray(found)) {
      yield found;
      continue;
    }
    const folders: Visit[] = [];
    const chosen = found.flatMap((entry) => {
      const place = join(folder, entry.name);
      return isLeftOut(entry, rules) || isNotChosen(place, entry, state) ? [] : { entry, place };
    });
    for await (const { entry, place, item } of resolved(chosen, state)) {
      if (item === 'excluded') continue;
      if (item !== 'folder') {
        if (isTaken(place, entry, state)) yield item;
        continue;
      }
      // A link is known to be a folder only now, and rules may be for folders alone.
      if (!rules.ignores(entry.name, true) && !state.choice.excludes(pathOf(place, state), true))
        folders.push({ folder: place, rules: await rules.enter(entry.name) });
    }
    pending.push(...folders.toReversed());
  }
}

/** Files that are looked at together: each alone would wait for the system. */
const FILES_AT_ONCE = 64;

interface Place {
  readonly entry: Entry;
  readonly place: string;
}

/** What the entries of a folder are, in their order. */
async function* resolved(places: readonly Place[], state: Walk) {
  for (let from = 0; from < places.length; from += FILES_AT_ONCE) {
    const group = places.slice(from, from + FILES_AT_ONCE);
    const files = await Promise.all(
      group.map(async ({ entry, place }) => (entry.isFile() ? resolveEntry(place, entry, state) : null)),
    );
    for (const [at, { entry, place }] of group.entries())
      yield { entry, place, item: files[at] ?? (await resolveEntry(place, entry, state)) };
  }
}

function isLeftOut(entry: Entry, rules: IgnoreRules): boolean {
  if (entry.isDirectory() ? isLeftOutFolder(entry.name) : isLeftOutName(entry.name)) return true;
  return rules.ignores(entry.name, entry.isDirectory());
}

/** What the patterns say before it is known where a link leads. */
function isNotChosen(place: string, entry: Entry, state: Walk): boolean {
  if (state.choice.excludes(pathOf(place, state), entry.isDirectory())) return true;
  return entry.isFile() && !isTaken(place, entry, state);
}

/** A folder that cannot be entered is shown, whatever is to be included. */
function isTaken(place: string, entry: Entry, state: Walk): boolean {
  return entry.isDirectory() || state.choice.includes(pathOf(place, state));
}

function pathOf(place: string, { start }: Walk): string {
  return relative(start, place).split(sep).join('/');
}

async function entries(folder: string): Promise<Dirent[] | SourceItem> {
  try {
    const found = await readdir(folder, { withFileTypes: true });
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    return problem(
      folder,
      { code: 'document_unreadable', reason: `the folder ${folder} cannot be listed: ${reasonOf(error)}` },
      true,
    );
  }
}

/** Whatever goes wrong with an entry is that entry's problem: the others go on. */
async function resolveEntry(
  path: string,
  entry: Entry,
  state: Walk,
): Promise<SourceItem | 'folder' | 'excluded'> {
  try {
    if (entry.isSymbolicLink()) return await resolveLink(path, state);
    if (entry.isDirectory()) return await enterFolder(path, state);
    if (entry.isFile()) {
      const info = await lstat(path, { bigint: true });
      return file(path, relative(state.start, path), { info, clock: state.clock });
    }
  } catch (error) {
    return entryProblem(path, entry, error);
  }
  return skipped(path, 'document_unsupported', `${path} is neither a file nor a folder`);
}

function entryProblem(path: string, entry: Entry, error: unknown): SourceItem {
  const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
  // Node has put the replacement character for every byte that it could not read, and no file has that name.
  const isMisnamed = isGone && entry.name.includes('\uFFFD');
  const reason = isMisnamed ? 'its name is not valid UTF-8; rename it' : reasonOf(error);
  const code = isGone && !isMisnamed ? 'document_vanished' : 'document_unreadable';
  return problem(path, { code, reason: `${path}: ${reason}` }, entry.isDirectory());
}

async function enterFolder(path: string, state: Walk): Promise<SourceItem | 'folder' | 'excluded'> {
  const real = await realpath(path);
  if (state.excluded.has(real)) return 'excluded';
  if (state.seen.has(real))
    return skipped(path, 'document_link_skipped', `${path} leads to ${real}, which was read already`);
  state.seen.add(real);
  return 'folder';
}

async function resolveLink(path: string, state: Walk): Promise<SourceItem | 'folder' | 'excluded'> {
  let target: string;
  try {
    target = await realpath(path);
  } catch (error) {
    const isLoop = (error as NodeJS.ErrnoException).code === 'ELOOP';
    if (isLoop)
      return problem(
        path,
        { code: 'document_link_skipped', reason: `the symbolic link ${path} leads in a circle` },
        false,
      );
    return problem(
      path,
      { code: 'document_unreadable', reason: `the symbolic link ${path} leads nowhere` },
      false,
    );
  }
  if (target !== state.root && !target.startsWith(state.root + sep)) {
    return skipped(
      path,
      'document_link_skipped',
      `the symbolic link ${path} leads out of ${state.root} to ${target}`,
    );
  }
  const info = await stat(target);
  if (info.isDirectory()) return enterFolder(path, state);
  return skipped(
    path,
    'document_link_skipped',
    `the symbolic link ${path} leads to ${target}, which is read by itself`,
  );
}

function problem(
  item: string,
  reason: { code: 'document_unreadable' | 'document_vanished' | 'document_link_skipped'; reason: string },
  hidesItems: boolean,
): SourceItem {
  return { kind: 'problem', item, name: basename(item), problem: reason, state: 'failed', hidesItems };
}

function skipped(
  item: string,
  code: 'document_link_skipped' | 'document_unsupported',
  reason: string,
): SourceItem {
  return {
    kind: 'problem',
    item,
    name: basename(item),
    problem: { code, reason },
    state: 'skipped',
    hidesItems: false,
  };
}
