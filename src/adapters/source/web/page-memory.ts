import { mkdirSync, rmSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256Hex } from '../../../lib/hash.ts';
import type { Validators } from './web-fetch.ts';

/** What is remembered of a page, so that asking for it again may cost no body. */
export interface KnownPage {
  /** Where it was in the end, after redirects. */
  readonly finalUrl: string;
  readonly validators: Validators;
  readonly contentHash: string;
  readonly sizeBytes: number;
  readonly mediaType: string | null;
  /** Where its links lead. */
  readonly links: readonly string[];
  /** False when the page asks to be left out of indexes. */
  readonly isIndexed: boolean;
}

/** Remembers pages between visits, and keeps bodies from when a page is listed until it is read. */
export interface PageMemory extends Disposable {
  get(url: string): KnownPage | null;
  put(url: string, page: KnownPage): void;
  keepBody(url: string, bytes: Uint8Array): Promise<void>;
  /** The body kept last, once. */
  takeBody(url: string): Promise<Uint8Array | null>;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS pages (url TEXT PRIMARY KEY, page TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/** A memory in a folder of its own. It is a cache: when it is lost or damaged, pages are fetched in full again. */
export function openPageMemory(folder: string): PageMemory {
  const bodies = join(folder, 'bodies');
  // What nobody has read before the last stop is fetched anew.
  rmSync(bodies, { recursive: true, force: true });
  mkdirSync(bodies, { recursive: true });
  const database = openOrReplace(join(folder, 'pages.db'));
  const get = database.prepare('SELECT page FROM pages WHERE url = ?');
  const put = database.prepare('INSERT OR REPLACE INTO pages (url, page) VALUES (?, ?)');
  const bodyPath = (url: string): string => join(bodies, sha256Hex(url));
  return {
    get(url) {
      const row = get.get(url);
      return row === undefined ? null : (JSON.parse(String(row['page'])) as KnownPage);
    },
    put: (url, page) => void put.run(url, JSON.stringify(page)),
    async keepBody(url, bytes) {
      const path = bodyPath(url);
      await writeFile(`${path}.new`, bytes);
      await rename(`${path}.new`, path);
    },
    async takeBody(url) {
      const path = bodyPath(url);
      try {
        const bytes = await readFile(path);
        await rm(path);
        return bytes;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    [Symbol.dispose]: () => database.close(),
  };
}

function openOrReplace(path: string): DatabaseSync {
  try {
    return opened(path);
  } catch (error) {
    if (!/malformed|not a database/.test(String(error))) throw error;
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
    return opened(path);
  }
}

function opened(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec(SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
