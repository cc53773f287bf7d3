const FEATURES_PER_WORD = 8;

/**
 * A unit vector made from the words of a text, always the same for the same text. Texts that share words are near each
 * other (feature hashing: each word adds 1 or -1 at a few places), and other texts are nearly at right angles.
 * A text without words has a vector too.
 */
export function hashedEmbedding(text: string, dimension: number): number[] {
  const vector = Array.from({ length: dimension }, () => 0);
  const words = wordsOf(text);
  for (const word of words.length === 0 ? [''] : words) {
    for (let feature = 0; feature < FEATURES_PER_WORD; feature++) {
      const hash = hashOf(`${feature} ${word}`);
      const place = hash % dimension;
      vector[place] = (vector[place] ?? 0) + (hash & 0x40000000 ? 1 : -1);
    }
  }
  return unit(vector);
}

/** The same vector, scaled to length 1. A vector of zeros points along the first axis. */
export function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  if (length === 0) return vector.map((_, index) => (index === 0 ? 1 : 0));
  return vector.map((value) => value / length);
}

/** Lower-case words, without the endings that plural and tense add most often. */
export function wordsOf(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map((word) =>
    word.length > 4 ? word.replace(/(?:ing|ed|es|s)$/, '') : word,
  );
}

/** What a model would count: words and signs. */
export function tokensOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
}

/** FNV-1a over UTF-16 units with a final mix, 32 bits without sign. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 15)) >>> 0;
}
