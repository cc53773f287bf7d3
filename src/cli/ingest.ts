import type { Client } from '../app/client.ts';
import { HoldfastError } from '../core/errors.ts';
import type {
  WireIngestProgress,
  WireIngestRequest,
  WireIngestSummary,
  WireSyncPlan,
} from '../http/contract/ingest.ts';
import { EXIT, textFlag, type Command, type Flags } from './command.ts';
import { ensureCollection } from './ensure-collection.ts';
import { ingestSource } from './ingest-source.ts';
import { ingestToServer } from './ingest-to-server.ts';
import { watchInto } from './ingest-watch.ts';
import { ingestStandardInput } from './ingest-standard-input.ts';
import type { Output } from './output.ts';
import { progressLine } from './progress-line.ts';
import { withClient } from './with-client.ts';

export const ingest: Command = {
  name: 'ingest',
  usage: 'PATH|URL|-... --collection NAME [--sitemap URL] [--crawl URL] [--git PATH] [--watch] [--dry-run]',
  summary: 'Adds files, folders, repositories or web pages to a collection, or brings it in line with them.',
  options: {
    collection: { type: 'string', short: 'c' },
    sitemap: { type: 'string' },
    crawl: { type: 'string' },
    git: { type: 'string' },
    include: { type: 'string', multiple: true },
    exclude: { type: 'string', multiple: true },
    server: { type: 'string' },
    name: { type: 'string' },
    language: { type: 'string' },
    'max-pages': { type: 'string' },
    'max-depth': { type: 'string' },
    watch: { type: 'boolean' },
    force: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
  },
  optionHelp: {
    '--collection NAME': 'the collection; it is created when it is missing',
    '--sitemap URL': 'takes the pages that a sitemap lists',
    '--crawl URL': 'takes a page, and what it links to in its folder',
    '--git PATH': 'takes what the last commit of a repository holds',
    '--include GLOB': 'takes only such files of folders and repositories; may be repeated',
    '--exclude GLOB': 'leaves out such files and folders; may be repeated',
    '--server URL': 'sends files to a server elsewhere, in parts, and goes on where it broke off',
    '--name NAME': 'with -, the name of what comes on standard input',
    '--language CODE': 'the language of these documents, such as de; auto: as the collection says',
    '--max-pages NUMBER': 'of a sitemap or crawl, at most HOLDFAST_SITE_PAGES',
    '--max-depth NUMBER': 'how many links a page of a crawl may be from its start',
    '--watch': 'goes on with every change of the folders, until Ctrl-C',
    '--force': 'deletes also more than 30 % of the documents of a folder',
    '--dry-run': 'says what would be done, and does nothing',
  },
  async run(invocation) {
    const { words, flags, output } = invocation;
    const name = textFlag(flags, 'collection');
    const what = ingestSource(words, flags);
    if (name === undefined)
      throw new HoldfastError('invalid_usage', 'holdfast ingest needs --collection NAME');
    requireFitting(flags, what);
    if (flags['server'] !== undefined) return ingestToServer(invocation, { collection: name, what });
    if (what === 'standard input') return ingestStandardInput(invocation, name);
    requireWatchable(flags, what);
    return withClient(invocation, async (client) => {
      if (flags['dry-run'] === true) {
        const plan = await client.planIngest(name, what);
        if (invocation.isJson) output.json(plan);
        else printPlan(plan, output);
        return plan.refusal === null ? EXIT.done : EXIT.failed;
      }
      if (flags['watch'] === true) {
        await ensureCollection(client, name);
        await watchInto(client, { collection: name, what }, { config: invocation.config(), output });
        return EXIT.done;
      }
      const summary = await ingestInto(client, { name, what }, output);
      if (invocation.isJson) output.json(summary);
      else printSummary(summary, output);
      return summary.files.failed > 0 ? EXIT.failed : EXIT.done;
    });
  },
};

/** Of folders and repositories alone: what is sent as it is would be sent in spite of them. */
const OF_FOLDERS = ['dry-run', 'watch', 'include', 'exclude'] as const;

function requireFitting(flags: Flags, what: WireIngestRequest | 'standard input'): void {
  const how = flags['server'] !== undefined ? '--server' : what === 'standard input' ? '-' : null;
  const given = how === null ? undefined : OF_FOLDERS.find((name) => flags[name] !== undefined);
  if (given !== undefined)
    throw new HoldfastError('invalid_usage', `--${given} is for folders, and does not go with ${how}`);
}

function requireWatchable(flags: Flags, what: WireIngestRequest): void {
  if (flags['watch'] !== true) return;
  if (what.paths === undefined || flags['dry-run'] === true)
    throw new HoldfastError('invalid_usage', '--watch watches folders, and goes with no --dry-run');
}

interface Ingested {
  readonly name: string;
  readonly what: WireIngestRequest;
}

/** Ingests with progress and an orderly stop at Ctrl-C, which cancels the job: what is committed stays. */
export async function ingestInto(
  client: Client,
  { name, what }: Ingested,
  output: Output,
): Promise<WireIngestSummary> {
  await ensureCollection(client, name);
  const stop = new AbortController();
  let job: string | null = null;
  const onInterrupt = (): void =>
    stop.abort(new HoldfastError('shutting_down', 'interrupted; what was committed stays'));
  process.once('SIGINT', onInterrupt);
  const line = progressLine({ now: () => performance.now(), hasBar: output.isTerminal });
  try {
    return await client.ingest(name, what, {
      signal: stop.signal,
      onJob: (id) => (job = id),
      onProgress: (progress) => show(progress, line(progress), output),
    });
  } catch (error) {
    if (stop.signal.aborted && job !== null) await client.steerJob(job, 'cancel');
    throw error;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    output.progressDone();
  }
}

function show({ failure }: WireIngestProgress, line: string, output: Output): void {
  if (failure !== null)
    output.note(`failed: ${failure.item}: ${failure.problem.reason} (${failure.problem.code})`);
  output.progress(line);
}

function printPlan({ files, removed, refusal }: WireSyncPlan, output: Output): void {
  output.result(`${countsOf(files)}; nothing was changed`);
  for (const item of removed) output.result(`would be removed: ${item}`);
  if (refusal !== null) output.result(`would be refused: ${refusal.reason} (${refusal.code})`);
}

function countsOf(files: WireIngestSummary['files']): string {
  const counts = Object.entries(files)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`);
  return counts.length === 0 ? 'no files' : counts.join(', ');
}

function printSummary(
  { files, documents, chunks, elapsed_ms: elapsedMs, failures }: WireIngestSummary,
  output: Output,
): void {
  output.result(
    `${countsOf(files)}; ${documents} documents and ${chunks} passages written in ${(elapsedMs / 1000).toFixed(1)} s`,
  );
  for (const { item, problem } of failures)
    output.result(`failed: ${item}: ${problem.reason} (${problem.code})`);
}
