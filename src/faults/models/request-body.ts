import type { IncomingMessage } from 'node:http';
import { WireError } from './call.ts';

const LIMIT_BYTES = 64 * 2 ** 20;

/** The whole body as text. @throws WireError 413. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LIMIT_BYTES) throw new WireError(413, 'the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The value of a JSON text; undefined for an empty one. @throws WireError 400. */
export function parsedJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WireError(400, error instanceof Error ? error.message : String(error));
  }
}
