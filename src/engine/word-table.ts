const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
const EMPTY = 0;
const FIRST_SIZE = 1024;
/** Longer ones are hardly ever seen twice. */
const LONGEST_KEPT = 128;

/** The unit with an ASCII capital made small. */
function folded(unit: number): number {
  return unit >= 65 && unit <= 90 ? unit | 32 : unit;
}

/**
 * What is known of words, found without cutting them out of their text: a hash table over UTF-16 code units, ASCII
 * capitals as small ones. Forgets everything when it holds `limit` words, and keeps no very long ones.
 */
export class WordTable<Value> {
  readonly #make: (word: string) => Value;
  readonly #limit: number;
  /** Number of the entry plus one, by hash; a power of two of them, at most half full. */
  #places = new Uint32Array(FIRST_SIZE);
  #hashes = new Int32Array(FIRST_SIZE / 2);
  #words: string[] = [];
  #values: Value[] = [];

  /** `make` is asked for what is not known yet: it must not care for the case of ASCII letters. */
  constructor(make: (word: string) => Value, limit: number) {
    this.#make = make;
    this.#limit = limit;
  }

  /** What belongs to `text.slice(start, end)`. */
  of(text: string, start: number, end: number): Value {
    if (end - start > LONGEST_KEPT) return this.#make(text.slice(start, end));
    let hash = SEED;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ folded(text.charCodeAt(at)), PRIME);
    hash ^= hash >>> 15;
    const places = this.#places;
    const mask = places.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const entry = (places[place] ?? EMPTY) - 1;
      if (entry < 0) return this.#add(text.slice(start, end), hash);
      if (this.#hashes[entry] === hash && isSame(this.#words[entry] ?? '', text, start, end))
        return this.#values[entry] as Value;
    }
  }

  #add(word: string, hash: number): Value {
    const value = this.#make(word);
    if (this.#words.length >= this.#limit) this.#clear();
    else if (this.#words.length >= this.#hashes.length) this.#grow();
    this.#hashes[this.#words.length] = hash;
    this.#words.push(keptWord(word));
    this.#values.push(value);
    this.#place(this.#words.length, hash);
    return value;
  }

  #place(number: number, hash: number): void {
    const mask = this.#places.length - 1;
    let place = hash & mask;
    while (this.#places[place] !== EMPTY) place = (place + 1) & mask;
    this.#places[place] = number;
  }

  #clear(): void {
    this.#places = new Uint32Array(FIRST_SIZE);
    this.#hashes = new Int32Array(FIRST_SIZE / 2);
    this.#words = [];
    this.#values = [];
  }

  #grow(): void {
    const hashes = new Int32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#places = new Uint32Array(this.#places.length * 2);
    for (let entry = 0; entry < this.#words.length; entry++) this.#place(entry + 1, hashes[entry] ?? 0);
  }
}

function isSame(word: string, text: string, start: number, end: number): boolean {
  if (word.length !== end - start) return false;
  for (let at = 0; at < word.length; at++)
    if (word.charCodeAt(at) !== folded(text.charCodeAt(start + at))) return false;
  return true;
}

/** A copy of its own: a piece of a text would keep all of it in memory. */
function keptWord(word: string): string {
  const units = new Uint16Array(word.length);
  for (let at = 0; at < word.length; at++) units[at] = folded(word.charCodeAt(at));
  return String.fromCharCode(...units);
}
