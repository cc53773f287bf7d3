import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openService } from '../src/app/service.ts';
import { loadConfig } from '../src/config/config.ts';
import { DEFAULT_TENANT, isCollectionName } from '../src/core/documents/ids.ts';
import { table } from '../eval/report.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import type { Material } from './corpus.ts';
import { writePdfs, type PdfFolder } from './pdf-corpus.ts';

/** The target, in pages a second on two cores. */
const TARGET = 150;
const THREADS = [1, 2];
const quiet = createLogger({ level: 'error', format: 'text' });
const NEVER = new AbortController().signal;

interface PdfFigures {
  readonly seconds: number;
  /** Processor time of all threads. */
  readonly cpuSeconds: number;
}

/** How fast born-digital PDFs are taken in: a section of docs/benchmarks.md. */
export async function pdfSection(material: Material): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const folders = await writePdfs(join(root, 'corpus'), material);
    const rows: string[][] = [];
    for (const folder of folders)
      for (const threads of THREADS) {
        process.stderr.write(`${folder.kind}, HOLDFAST_WORKERS=${threads}\n`);
        rows.push(rowOf(folder, threads, await ingest(join(root, `data ${rows.length}`), folder, threads)));
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

function rowOf(
  { kind, files, pages }: PdfFolder,
  threads: number,
  { seconds, cpuSeconds }: PdfFigures,
): string[] {
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
async function ingest(dataDir: string, { path, files }: PdfFolder, threads: number): Promise<PdfFigures> {
  const config = loadConfig({ HOLDFAST_WORKERS: String(threads) }, { data: dataDir });
  const collection = 'bench';
  if (!isCollectionName(collection)) throw new Error(collection);
  const scope = { tenant: DEFAULT_TENANT, collection };
  await using service = await openService(config, quiet);
  await service.collections.ensure(scope);
  const cpu = process.cpuUsage();
  const began = performance.now();
  const summary = await service.ingest({ scope, paths: [path] }, () => undefined, NEVER);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  if (summary.files.added !== files)
    throw new Error(`${path}: ${summary.files.added} of ${files} files are ready`);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}
