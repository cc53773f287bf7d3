import { basename } from 'node:path';
import { createClient, type Client } from '../app/client.ts';
import { sendFile } from '../app/send-file.ts';
import { HoldfastError } from '../core/errors.ts';
import type { WireIngestRequest } from '../http/contract/ingest.ts';
import type { WireSubmitted, WireSubmittedList } from '../http/contract/document.ts';
import { wait } from '../lib/wait.ts';
import { EXIT, textFlag, type Invocation } from './command.ts';
import { namedLanguage } from './named-language.ts';
import { ensureCollection } from './ensure-collection.ts';
import type { Output } from './output.ts';

export interface SentFiles {
  readonly collection: string;
  readonly what: WireIngestRequest | 'standard input';
}

/** `holdfast ingest FILE... --server URL`: each file becomes the document of its name. */
export async function ingestToServer(
  { flags, output, isJson }: Invocation,
  { collection, what }: SentFiles,
): Promise<number> {
  if (what === 'standard input' || what.paths === undefined)
    throw new HoldfastError('invalid_usage', '--server takes the paths of files');
  const client = createClient(addressOf(textFlag(flags, 'server') ?? ''), null);
  await ensureCollection(client, collection);
  const all: SentDocument[] = [];
  for (const path of what.paths) {
    const name = basename(path);
    const sent = await send(client, { collection, path, name, language: namedLanguage(flags) }, output);
    for (const { id, version, state } of 'items' in sent ? sent.items : [sent])
      all.push({ item: name, id, version, state });
  }
  if (isJson) output.json({ items: all });
  else for (const { item, state, id } of all) output.result(`${item} is ${state} (${id})`);
  return all.every(({ state }) => state === 'ready') ? EXIT.done : EXIT.failed;
}

function addressOf(given: string): string {
  const url = URL.parse(given);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.origin;
  throw new HoldfastError(
    'invalid_usage',
    `--server is "${given}", expected an address such as http://127.0.0.1:8600`,
  );
}

type SentDocument = Pick<WireSubmitted, 'id' | 'version' | 'state'> & { readonly item: string };

interface OneFile {
  readonly collection: string;
  readonly name: string;
  readonly path: string;
  readonly language: string | null;
}

async function send(
  client: Client,
  { collection, path, name, language }: OneFile,
  output: Output,
): Promise<WireSubmitted | WireSubmittedList> {
  const stop = new AbortController();
  const onInterrupt = (): void =>
    stop.abort(new HoldfastError('shutting_down', 'interrupted; the same command goes on where it was'));
  process.once('SIGINT', onInterrupt);
  try {
    const sha256 = await sendFile(client, path, {
      signal: stop.signal,
      wait,
      onProgress: ({ offset, length }) =>
        output.progress(`${name}: ${Math.floor((100 * offset) / Math.max(1, length))} % sent`),
    });
    return await client.submitUpload(collection, {
      sha256,
      name,
      ...(language === null ? {} : { language }),
    });
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    output.progressDone();
  }
}
