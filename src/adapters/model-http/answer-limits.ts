import { ModelError } from '../../core/models/model-error.ts';
import { brief, detailOf } from './failures.ts';
import type { HttpAnswer } from './http-answer.ts';
import { readBounded, readText } from './read-bounded.ts';

/** More is no answer of a model: 64 texts of 4096 dimensions take 6 MB as JSON. */
export const MAX_ANSWER_BYTES = 8 * 2 ** 20;
const MAX_START_BYTES = 64 * 2 ** 10;

export function tooLarge(place: string): ModelError {
  return new ModelError('unusable', `${place} answered with more than ${MAX_ANSWER_BYTES / 2 ** 20} MiB`);
}

/** A page for people where an answer was due: a proxy, a login, another service. */
export function isPage({ header }: Pick<HttpAnswer, 'header'>): boolean {
  return header('content-type')?.startsWith('text/html') === true;
}

export function pageError(place: string, text: string): ModelError {
  return new ModelError('unusable', `${place} answered with ${detailOf(text)}; is this a model server?`);
}

/** The body when it is short; nothing when it is not, or cannot be read. */
export async function startOf({ body }: Pick<HttpAnswer, 'body'>): Promise<string> {
  try {
    return await readText(readBounded(body, { maxBytes: MAX_START_BYTES, tooLarge: () => tooLarge('it') }));
  } catch {
    return '';
  }
}

/** Following a redirect could carry texts and keys to a host that nobody has set. */
export function redirectError(place: string, { status, header }: HttpAnswer): ModelError {
  const target = shownAddress(header('location') ?? 'nowhere');
  return new ModelError(
    'wrong_address',
    `${place} redirects to ${brief(target)} (status ${status}), which is refused: set the final address`,
  );
}

/** An address without what may be secret: user, password and query. */
export function shownAddress(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
}
