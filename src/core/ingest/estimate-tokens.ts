/**
 * Mean word pieces of a run of letters by its length, measured with the vocabulary of the built-in model on
 * English prose, documentation and source code.
 */
const WORD = Float64Array.from([
  0, 1, 1, 1.04, 1.04, 1.07, 1.13, 1.18, 1.25, 1.42, 1.55, 1.79, 1.93, 2.15, 2.9, 3.3, 4.7, 5, 5.6, 6.2, 6.2,
  7.1,
]);
const OTHER = 0;
const PUNCTUATION = 1;
const LOWER = 2;
const UPPER = 3;
const DIGIT = 4;
const ASCII_CLASS = Uint8Array.from({ length: 128 }, (_, code) => asciiClass(code));

/**
 * About how many word pieces `text.slice(start, end)` has (within a few percent on English), as a fraction, so that the
 * estimates of neighbouring words add up. Linear, no copies.
 */
export function estimateTokens(text: string, start = 0, end = text.length): number {
  let tokens = 0;
  let length = 0;
  let digits = 0;
  let humps = 0;
  let previous = OTHER;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? (ASCII_CLASS[code] ?? OTHER) : wideClass(code);
    if (kind >= LOWER) {
      length++;
      if (kind === DIGIT) digits++;
      else if (kind === UPPER && previous === LOWER) humps++;
    } else {
      if (length > 0) {
        tokens += wordTokens(length, digits, humps);
        length = digits = humps = 0;
      }
      if (kind === PUNCTUATION) tokens++;
    }
    previous = kind;
  }
  return length > 0 ? tokens + wordTokens(length, digits, humps) : tokens;
}

function wordTokens(length: number, digits: number, humps: number): number {
  if (length > 100) return 1 + length / 4;
  if (digits === length) return length < 3 ? 1 : 0.2 + length * 0.35;
  if (digits > 0) return 0.7 + length * 0.47;
  if (humps > 0) return 1 + length * 0.22;
  return WORD[length] ?? length * 0.34;
}

/** Letters that WordPiece keeps in words are LOWER; scripts that it cuts into characters count one each. */
function wideClass(code: number): number {
  if (code === 0xa0 || code === 0x3000 || (code >= 0x2000 && code <= 0x200f) || code === 0xfeff) return OTHER;
  if (code >= 0xdc00 && code < 0xe000) return OTHER;
  return code >= 0xc0 && code < 0x250 ? LOWER : PUNCTUATION;
}

function asciiClass(code: number): number {
  if (code <= 32 || code === 127) return OTHER;
  if (code >= 97 && code <= 122) return LOWER;
  if (code >= 65 && code <= 90) return UPPER;
  return code >= 48 && code <= 57 ? DIGIT : PUNCTUATION;
}
