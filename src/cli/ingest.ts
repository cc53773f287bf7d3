import { resolve } from 'node:path';
import type { Client } from '../app/client.ts';
import { HoldfastError } from '../core/errors.ts';
import type { WireIngestProgress, WireIngestSummary } from '../http/contract/ingest.ts';
import { EXIT, textFlag, type Command } from './command.ts';
import type { Output } from './output.ts';
import { withClient } from './with-client.ts';

export const ingest: Command = {
  name: 'ingest',
  usage: 'PATH... --collection NAME',
  summary: 'Adds files and folders to a collection, or brings it in line with them.',
  options: { collection: { type: 'string', short: 'c' } },
  optionHelp: { '--collection NAME': 'the collection; it is created when it is missing' },
  async run(invocation) {
    const { words, flags, output } = invocation;
    const name = textFlag(flags, 'collection');
    if (words.length === 0)
      throw new HoldfastError('invalid_usage', 'holdfast ingest needs the path of a file or folder');
    if (name === undefined)
      throw new HoldfastError('invalid_usage', 'holdfast ingest needs --collection NAME');
    return withClient(invocation, async (client) => {
      const summary = await ingestPaths(client, { name, paths: words.map((word) => resolve(word)) }, output);
      if (invocation.isJson) output.json(summary);
      else printSummary(summary, output);
      return summary.files.failed > 0 ? EXIT.failed : EXIT.done;
    });
  },
};

/** Ingests with progress and an orderly stop at Ctrl-C: what is committed stays. */
export async function ingestPaths(
  client: Client,
  { name, paths }: { readonly name: string; readonly paths: readonly string[] },
  output: Output,
): Promise<WireIngestSummary> {
  await ensureCollection(client, name);
  const stop = new AbortController();
  const onInterrupt = (): void =>
    stop.abort(new HoldfastError('shutting_down', 'interrupted; what was committed stays'));
  process.once('SIGINT', onInterrupt);
  try {
    return await client.ingest(name, paths, {
      signal: stop.signal,
      onProgress: (progress) => show(progress, output),
    });
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

function show({ done, found, chunks, failure }: WireIngestProgress, output: Output): void {
  if (failure !== null)
    output.note(`failed: ${failure.item}: ${failure.problem.reason} (${failure.problem.code})`);
  output.progress(`${done} of ${found} files, ${chunks} passages`);
}

function printSummary(
  { files, documents, chunks, elapsed_ms: elapsedMs, failures }: WireIngestSummary,
  output: Output,
): void {
  const counts = Object.entries(files)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`);
  output.result(
    `${counts.length === 0 ? 'no files' : counts.join(', ')}; ${documents} documents and ${chunks} passages written in ${(elapsedMs / 1000).toFixed(1)} s`,
  );
  for (const { item, problem } of failures)
    output.result(`failed: ${item}: ${problem.reason} (${problem.code})`);
}
