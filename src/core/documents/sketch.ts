/** What a text is compared by: one byte per bin. Made of runs of words, so that two texts with most runs in common look alike. */
export type Sketch = Uint8Array;

/** Bins of a sketch: the estimate of a similarity of 0.8 has a standard error of 0.035. */
export const SKETCH_BYTES = 128;

const SHINGLE_WORDS = 5;
const BIN_SHIFT = 25;
const VALUE_MASK = 2 ** BIN_SHIFT - 1;
const EMPTY = -1;
const BASE = 0x5bd1e995;
/** `BASE` to the power of `SHINGLE_WORDS`. */
const BASE_OF_LEAVING = Array.from({ length: SHINGLE_WORDS }).reduce<number>(
  (product) => Math.imul(product, BASE),
  1,
);
/** Two different values have the same byte by chance this often. */
const CHANCE = 1 / 256;

/**
 * MinHash of the runs of five words of a text, by one permutation: every run falls into one bin, which keeps the
 * smallest hash (Li, Owen, Zhang 2012); an empty bin borrows that of another (Shrivastava 2017). Letter case,
 * punctuation and spaces do not count; of scripts without spaces every character is a word. The same text has the
 * same sketch everywhere and always. Null for a text without words.
 */
export function sketchOf(text: string): Sketch | null {
  const minima = new Int32Array(SKETCH_BYTES).fill(EMPTY);
  const window = new Int32Array(SHINGLE_WORDS);
  let words = 0;
  // A polynomial over the hashes of the last five words; what leaves the window is taken out of it.
  let rolling = 0;
  for (const part of partsOf(text)) {
    forEachWord(part.toLowerCase(), (hash) => {
      const place = words++ % SHINGLE_WORDS;
      rolling = (Math.imul(rolling, BASE) + hash - Math.imul(window[place] ?? 0, BASE_OF_LEAVING)) | 0;
      window[place] = hash;
      if (words >= SHINGLE_WORDS) keepSmallest(minima, mixed(rolling));
    });
  }
  if (words === 0) return null;
  if (words < SHINGLE_WORDS) keepSmallest(minima, mixed(rolling));
  return densified(minima);
}

/** So much of a text is in memory in small letters. */
const PART_CHARS = 2 ** 16;

/** Ends where a space or a line ends, so that no word is cut, and none is made small without its neighbours. */
function* partsOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + PART_CHARS, text.length);
    while (end < text.length && text[end - 1] !== ' ' && text[end - 1] !== '\n') end++;
    yield text.slice(start, end);
    start = end;
  }
}

/** Estimated share of the runs of words of both texts that they have in common, 0 to 1 (Jaccard). */
export function similarity(a: Sketch, b: Sketch): number {
  let same = 0;
  for (let bin = 0; bin < SKETCH_BYTES; bin++) if (a[bin] === b[bin]) same++;
  return Math.max(0, (same / SKETCH_BYTES - CHANCE) / (1 - CHANCE));
}

function keepSmallest(minima: Int32Array, hash: number): void {
  const bin = hash >>> BIN_SHIFT;
  const value = hash & VALUE_MASK;
  const smallest = minima[bin] ?? EMPTY;
  if (smallest === EMPTY || value < smallest) minima[bin] = value;
}

function densified(minima: Int32Array): Sketch {
  const sketch = new Uint8Array(SKETCH_BYTES);
  for (let bin = 0; bin < SKETCH_BYTES; bin++) {
    let from = bin;
    for (let attempt = 1; minima[from] === EMPTY; attempt++)
      from = mixed(Math.imul(bin + 1, 0x9e3779b1) + attempt) >>> BIN_SHIFT;
    sketch[bin] = mixed(minima[from] ?? 0) & 0xff;
  }
  return sketch;
}

/** The last step of MurmurHash3: every bit of the input moves every bit of the output. */
function mixed(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** Calls with a hash (FNV-1a over code units) of every word. */
function forEachWord(text: string, onWord: (hash: number) => void): void {
  let hash = FNV_OFFSET;
  let isInWord = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const kind = kindOf(unit);
    if (isInWord && kind !== 'letter') {
      onWord(hash);
      isInWord = false;
    }
    if (kind === 'gap') continue;
    hash = Math.imul((isInWord ? hash : FNV_OFFSET) ^ unit, FNV_PRIME);
    if (kind === 'letter') isInWord = true;
    else onWord(hash);
  }
  if (isInWord) onWord(hash);
}

type Kind = 'gap' | 'letter' | 'word';

function kindOf(unit: number): Kind {
  if (unit < 0x80) return isAsciiWord(unit) ? 'letter' : 'gap';
  if (GAPS.some(([first, last]) => unit >= first && unit <= last)) return 'gap';
  return UNSPACED.some(([first, last]) => unit >= first && unit <= last) ? 'word' : 'letter';
}

function isAsciiWord(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x5a);
}

type Range = readonly [first: number, last: number];

/** Spaces and punctuation beyond ASCII, by blocks. */
const GAPS: readonly Range[] = [
  [0x80, 0xbf],
  [0x2000, 0x206f],
  [0x3000, 0x303f],
  [0xfe30, 0xfe4f],
  [0xff00, 0xff0f],
];

/** Thai and Lao, Burmese, Khmer, kana and Han. */
const UNSPACED: readonly Range[] = [
  [0x0e00, 0x0eff],
  [0x1000, 0x109f],
  [0x1780, 0x17ff],
  [0x3040, 0x30ff],
  [0x3400, 0x9fff],
];
