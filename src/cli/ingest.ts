import { resolve } from 'node:path';
import type { Client } from '../app/client.ts';
import { HoldfastError } from '../core/errors.ts';
import type { WireIngestProgress, WireIngestSummary, WireSyncPlan } from '../http/contract/ingest.ts';
import { EXIT, textFlag, type Command } from './command.ts';
import type { Output } from './output.ts';
import { progressLine } from './progress-line.ts';
import { withClient } from './with-client.ts';

export const ingest: Command = {
  name: 'ingest',
  usage: 'PATH... --collection NAME [--force] [--dry-run]',
  summary: 'Adds files and folders to a collection, or brings it in line with them.',
  options: {
    collection: { type: 'string', short: 'c' },
    force: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
  },
  optionHelp: {
    '--collection NAME': 'the collection; it is created when it is missing',
    '--force': 'deletes also more than 30 % of the documents of a folder',
    '--dry-run': 'says what would be done, and does nothing',
  },
  async run(invocation) {
    const { words, flags, output } = invocation;
    const name = textFlag(flags, 'collection');
    if (words.length === 0)
      throw new HoldfastError('invalid_usage', 'holdfast ingest needs the path of a file or folder');
    if (name === undefined)
      throw new HoldfastError('invalid_usage', 'holdfast ingest needs --collection NAME');
    const what = { name, paths: words.map((word) => resolve(word)), force: flags['force'] === true };
    return withClient(invocation, async (client) => {
      if (flags['dry-run'] === true) {
        const plan = await client.planIngest(name, what.paths, what.force);
        if (invocation.isJson) output.json(plan);
        else printPlan(plan, output);
        return plan.refusal === null ? EXIT.done : EXIT.failed;
      }
      const summary = await ingestPaths(client, what, output);
      if (invocation.isJson) output.json(summary);
      else printSummary(summary, output);
      return summary.files.failed > 0 ? EXIT.failed : EXIT.done;
    });
  },
};

export interface IngestedPaths {
  readonly name: string;
  readonly paths: readonly string[];
  readonly force?: boolean;
}

/** Ingests with progress and an orderly stop at Ctrl-C, which cancels the job: what is committed stays. */
export async function ingestPaths(
  client: Client,
  { name, paths, force = false }: IngestedPaths,
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
    return await client.ingest(name, paths, {
      force,
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

async function ensureCollection(client: Client, name: string): Promise<void> {
  try {
    await client.createCollection({ name });
  } catch (error) {
    if (!(error instanceof HoldfastError && error.code === 'collection_exists')) throw error;
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
