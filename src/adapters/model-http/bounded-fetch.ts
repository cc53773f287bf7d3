import { isPage, MAX_ANSWER_BYTES, pageError, redirectError, startOf, tooLarge } from './answer-limits.ts';
import { fetchedAnswer } from './http-answer.ts';
import { readBounded } from './read-bounded.ts';

/** `fetch` for code that is not ours: no redirects, no endless answers. */
export function boundedFetch(): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: 'manual' });
    const answer = fetchedAnswer(response);
    const place = new URL(response.url === '' ? String(input) : response.url).origin;
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw redirectError(place, answer);
    }
    if (response.ok && isPage(answer)) throw pageError(place, await startOf(answer));
    if (response.body === null) return response;
    const pieces = readBounded(response.body, {
      maxBytes: MAX_ANSWER_BYTES,
      tooLarge: () => tooLarge(place),
    });
    const { status, statusText, headers } = response;
    return new Response(ReadableStream.from(pieces), { status, statusText, headers });
  };
}
