/** Numbers from 0 to 1 (exclusive) of a seeded generator (mulberry32), so that a failure can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer from 0 to `below` (exclusive). */
export function randomInteger(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

export function randomItem<T>(random: () => number, items: readonly [T, ...T[]]): T {
  return items[randomInteger(random, items.length)] ?? items[0];
}

/** Standard normal (Box and Muller). */
export function randomNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
