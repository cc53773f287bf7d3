import { isIP } from 'node:net';
import { HoldfastError } from '../../../core/errors.ts';

const MAX_URL_LENGTH = 2048;

/**
 * The URL, when it is one that is fetched at all: http or https, no user and password, an address written as usual.
 * The fragment is dropped. @throws HoldfastError `url_invalid`.
 */
export function checkedUrl(text: string, base?: string): URL {
  if (text.length > MAX_URL_LENGTH) throw invalid(text, `is longer than ${MAX_URL_LENGTH} characters`);
  // Parsers of URLs disagree about these, and drop some of them without a word.
  if (/[\s\p{Cc}\\]/u.test(text)) throw invalid(text, 'holds a space, a backslash or a control character');
  const url = URL.parse(text, base);
  if (url === null) throw invalid(text, 'is not a URL');
  if (!/^https?:$/.test(url.protocol))
    throw invalid(text, `has the scheme ${url.protocol}, not http or https`);
  if (url.username !== '' || url.password !== '') throw invalid(text, 'holds a user or a password');
  requireUsualHost(text, url);
  url.hash = '';
  return url;
}

/** `0x7f.1`, `2130706433` and `①②⑦.0.0.1` are ways to write an address past whoever reads it. */
function requireUsualHost(text: string, url: URL): void {
  if (isIP(url.hostname) !== 4) return;
  const isWritten = new RegExp(`//${url.hostname.replaceAll('.', '\\.')}(?=[:/?#]|$)`).test(text);
  if (!isWritten && /^([a-z]+:)?\/\//i.test(text))
    throw invalid(text, `writes the address ${url.hostname} in an unusual way`);
}

/** Host name or address, without the brackets of an IPv6 address and the dot at the end of a full name. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** A URL in an error: never its password, never endless. */
export function shownUrl(text: string): string {
  const visible = text.replace(/\/\/[^/?#]*@/, '//…@').replace(/\p{Cc}/gu, '�');
  return visible.length > 200 ? `${visible.slice(0, 200)}…` : visible;
}

function invalid(text: string, what: string): HoldfastError {
  return new HoldfastError('url_invalid', `the URL ${shownUrl(text)} ${what}`);
}
