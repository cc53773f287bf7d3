/** A piece of an RTF file. */
export type RtfToken =
  | { readonly kind: 'open' }
  | { readonly kind: 'close' }
  /** `\word` or `\word-12`; symbols such as `\*` too. */
  | { readonly kind: 'control'; readonly word: string; readonly value: number | null }
  /** `\'e9`: a byte of the code page. */
  | { readonly kind: 'byte'; readonly value: number }
  | { readonly kind: 'text'; readonly text: string };

const CONTROL = /\\(?:([a-z]{1,32})(-?\d{1,10})? ?|'([0-9a-f]{2})|([^a-z'\d]))/iy;
const TEXT = /[^\\{}\r\n]+/y;
/** Escaped characters that are themselves. */
const SYMBOLS: Readonly<Record<string, string>> = {
  '\\': '\\',
  '{': '{',
  '}': '}',
  '~': '\u00a0',
  _: '\u2011',
  '-': '',
};

/** Tokens in order; line ends mean nothing in RTF. Bytes of `\bin` are skipped. Linear in the source. */
export function* rtfTokens(source: string): Generator<RtfToken> {
  let at = 0;
  while (at < source.length) {
    const character = source[at];
    if (character === '{' || character === '}') {
      yield { kind: character === '{' ? 'open' : 'close' };
      at++;
    } else if (character === '\\') {
      CONTROL.lastIndex = at;
      const match = CONTROL.exec(source);
      at = match === null ? at + 1 : CONTROL.lastIndex;
      if (match?.[1] === 'bin') at += Math.max(0, Number(match[2] ?? 0));
      else if (match !== null) yield controlToken(match);
    } else {
      TEXT.lastIndex = at;
      const match = TEXT.exec(source);
      at = match === null ? at + 1 : TEXT.lastIndex;
      if (match !== null) yield { kind: 'text', text: match[0] };
    }
  }
}

function controlToken([, word, digits, hex, symbol = '']: RegExpExecArray): RtfToken {
  const value = digits === undefined ? null : Number(digits);
  if (hex !== undefined) return { kind: 'byte', value: Number.parseInt(hex, 16) };
  if (word !== undefined) return { kind: 'control', word, value };
  const text = SYMBOLS[symbol];
  if (text !== undefined) return { kind: 'text', text };
  return { kind: 'control', word: /[\r\n]/.test(symbol) ? 'par' : symbol, value };
}
