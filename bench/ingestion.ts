import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256Hex } from '../src/lib/hash.ts';
import { writeMixedCorpus, writeNotes, type Material } from './corpus.ts';
import { scopeOf, temporaryService } from './temporary-service.ts';
import { timedIngest, type Run } from './timed-ingest.ts';

const scope = scopeOf('bench');

/** A folder of Markdown and HTML, taken in with so many threads. */
export async function mixedRun(threads: number, files: number, material: Material): Promise<Run> {
  await using opened = await temporaryService({ HOLDFAST_WORKERS: String(threads) });
  await writeMixedCorpus(opened.corpus, files, material);
  return await timedIngest(opened.service, scope, opened.corpus);
}

export interface NotesFigures {
  readonly first: Run;
  readonly second: Run;
  /** Rows that the second run added or changed, by table. */
  readonly written: Readonly<Record<string, number>>;
}

/** A folder of files of one sentence, twice. */
export async function notesRuns(files: number, material: Material): Promise<NotesFigures> {
  await using opened = await temporaryService();
  await writeNotes(opened.corpus, files, material);
  const first = await timedIngest(opened.service, scope, opened.corpus);
  const path = join(opened.dataDir, 'catalog.db');
  const before = rowsOf(path);
  const second = await timedIngest(opened.service, scope, opened.corpus);
  if (second.summary.files.unchanged !== files) throw new Error(JSON.stringify(second.summary.files));
  const written: Record<string, number> = {};
  for (const [table, rows] of rowsOf(path))
    written[table] = [...rows].filter((row) => before.get(table)?.has(row) !== true).length;
  return { first, second, written };
}

/** Hashes of all rows of the catalog, by table. `counter` holds the time of the last look at the disk's health. */
function rowsOf(path: string): ReadonlyMap<string, ReadonlySet<string>> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('counter', 'sqlite_sequence')",
      )
      .all();
    return new Map(
      tables.map(({ name }) => {
        const rows = new Set<string>();
        for (const row of database.prepare(`SELECT * FROM "${String(name)}"`).iterate())
          rows.add(sha256Hex(JSON.stringify(Object.values(row).map(plain))));
        return [String(name), rows];
      }),
    );
  } finally {
    database.close();
  }
}

function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
