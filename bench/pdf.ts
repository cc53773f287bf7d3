import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { table } from '../eval/report.ts';
import type { Material } from './corpus.ts';
import { writePdfs, type PdfFolder } from './pdf-corpus.ts';
import { scopeOf, temporaryService } from './temporary-service.ts';
import { timedIngest, type Run } from './timed-ingest.ts';

/** The target, in pages a second on two cores. */
const TARGET = 150;
const THREADS = [1, 2];

/** How fast born-digital PDFs are taken in: a section of docs/benchmarks.md. */
export async function pdfSection(material: Material): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const folders = await writePdfs(join(root, 'corpus'), material);
    const rows: string[][] = [];
    for (const folder of folders)
      for (const threads of THREADS) {
        process.stderr.write(`${folder.kind}, HOLDFAST_WORKERS=${threads}\n`);
        rows.push(rowOf(folder, threads, await ingest(folder, threads)));
      }
    return [
      `Durable, with passages and vectors, until the last document can be found. ${TARGET} pages a second on two cores are the target. Processor time counts every thread, the start of the parser in each thread included.`,
      table(
        ['', 'files', 'pages', 'HOLDFAST_WORKERS', 'pages/s', 'processor ms per page', `at least ${TARGET}`],
        rows,
      ),
    ].join('\n\n');
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function rowOf({ kind, files, pages }: PdfFolder, threads: number, { seconds, cpuSeconds }: Run): string[] {
  const rate = pages / seconds;
  return [
    kind,
    String(files),
    String(pages),
    String(threads),
    rate.toFixed(0),
    ((1000 * cpuSeconds) / pages).toFixed(2),
    rate >= TARGET ? 'met' : '**missed**',
  ];
}

/** Takes the folder into an empty data folder. @throws when one document did not become ready. */
async function ingest({ path, files }: PdfFolder, threads: number): Promise<Run> {
  await using opened = await temporaryService({ HOLDFAST_WORKERS: String(threads) });
  const run = await timedIngest(opened.service, scopeOf('bench'), path);
  const { added } = run.summary.files;
  if (added !== files) throw new Error(`${path}: ${added} of ${files} files are ready`);
  return run;
}
