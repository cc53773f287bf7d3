import { HoldfastError } from '../core/errors.ts';
import { EXIT, textFlag, type Invocation } from './command.ts';
import { ensureCollection } from './ensure-collection.ts';
import { namedLanguage } from './named-language.ts';
import { withClient } from './with-client.ts';

/** `cat x.md | holdfast ingest - --name x.md`: one document, which replaces the one of the same name. */
export async function ingestStandardInput(invocation: Invocation, collection: string): Promise<number> {
  const { flags, output } = invocation;
  const name = textFlag(flags, 'name');
  if (name === undefined || name === '')
    throw new HoldfastError('invalid_usage', 'holdfast ingest - needs --name, such as --name notes.md');
  const bytes = await readInput(invocation.config().maxDocumentBytes);
  return withClient(invocation, async (client) => {
    await ensureCollection(client, collection);
    const submitted = await client.upload(collection, { name, bytes, language: namedLanguage(flags) });
    if (invocation.isJson) output.json(submitted);
    else for (const { id, state } of submitted.items) output.result(`${name} is ${state} (${id})`);
    return submitted.items.every(({ state }) => state === 'ready') ? EXIT.done : EXIT.failed;
  });
}

/** Stops at the first byte that is too many, so that an endless input ends. */
async function readInput(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > maxBytes)
      throw new HoldfastError('document_too_large', `standard input has more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}
