import { HoldfastError } from '../../core/errors.ts';
import type { Extractor, ExtractorFile } from '../../core/ingest/extractor.ts';
import { ModelError } from '../../core/models/model-error.ts';
import { redirectError, shownAddress, startOf } from '../model-http/answer-limits.ts';
import { brief, connectionError, failureOfStatus, retryAfterMs } from '../model-http/failures.ts';
import { fetchedAnswer } from '../model-http/http-answer.ts';
import { readBounded } from '../model-http/read-bounded.ts';

export interface TikaOptions {
  /** `http://127.0.0.1:9998` */
  readonly url: string;
  /** Default: the one of Node. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** More is no text that people ask questions of. */
const MAX_ANSWER_BYTES = 64 * 2 ** 20;

/** The server has read the file and could not make a document of it: what it says of that is an answer, too. */
const UNPROCESSABLE = 422;

/**
 * Apache Tika as a server: `PUT /rmeta/html` with the bytes gives a list of metadata, of the file and of each file in
 * it, with the content as HTML; the same in its versions 1 to 4. Source: cwiki.apache.org/confluence/display/TIKA/TikaServer.
 * No retry and no timeout of its own. @throws ModelError when it is the server, HoldfastError when it is the file.
 */
export function tikaExtractor({ url, fetch = globalThis.fetch }: TikaOptions): Extractor {
  const base = url.replace(/\/+$/, '');
  const place = `Tika at ${shownAddress(base)}`;
  return {
    async extract(file, signal) {
      try {
        const response = await fetch(`${base}/rmeta/html`, {
          method: 'PUT',
          headers: headersOf(file),
          body: new Uint8Array(file.bytes),
          redirect: 'manual',
          signal,
        });
        return { format: 'tika', bytes: await answerOf(response, place, file.name) };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof HoldfastError || error instanceof ModelError) throw error;
        throw connectionError(place, error);
      }
    },
  };
}

/** No content type: Tika finds that out by itself, and takes one that is named for true. */
function headersOf({ name }: ExtractorFile): Record<string, string> {
  const ascii = name.replaceAll(/[^ !#-[\]-~]/g, '_');
  return { accept: 'application/json', 'content-disposition': `attachment; filename="${ascii}"` };
}

async function answerOf(response: Response, place: string, name: string): Promise<Uint8Array> {
  const { status } = response;
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  if (isJson && (response.ok || status === UNPROCESSABLE)) return readAnswer(response, place, name);
  if (response.ok) {
    await response.body?.cancel();
    throw new ModelError('wrong_address', `${place} answered with no JSON: is this a Tika server?`);
  }
  if (status >= 300 && status < 400) throw redirectError(place, fetchedAnswer(response));
  throw await refusal(response, place, name);
}

async function readAnswer({ body }: Response, place: string, name: string): Promise<Uint8Array> {
  const tooLarge = (): HoldfastError =>
    new HoldfastError(
      'document_too_large',
      `${name}: ${place} made more than ${MAX_ANSWER_BYTES / 2 ** 20} MiB of it`,
    );
  const pieces: Uint8Array[] = [];
  for await (const piece of readBounded(body, { maxBytes: MAX_ANSWER_BYTES, tooLarge })) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Tika says 415, 422 and 500 of files that it fails on, and 503 while it starts anew. */
async function refusal(response: Response, place: string, name: string): Promise<Error> {
  const { status } = response;
  const { header, body } = fetchedAnswer(response);
  const said = brief(await startOf({ body }));
  const message = `${place} answered with status ${status}${said === '' ? '' : `: ${said}`}`;
  if (status === 413) return new HoldfastError('document_too_large', `${name}: ${message}`);
  if (status === 415 || status === UNPROCESSABLE || status === 500)
    return new HoldfastError('document_malformed', `${name}: ${message}`);
  const wait = retryAfterMs(header);
  return new ModelError(failureOfStatus(status, wait), message, wait === null ? {} : { retryAfterMs: wait });
}
