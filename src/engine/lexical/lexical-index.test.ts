import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomInteger, seededRandom } from '../../../test/random.ts';
import type { Token } from '../analysis/analyzer.ts';
import { LEXICAL_DEFAULTS, type LexicalConstants } from './constants.ts';
import { LexicalIndex, type LexicalFields, type SlotFilter } from './lexical-index.ts';
import { atOnce } from '../../lib/time-slices.ts';

const everything: SlotFilter = () => true;
/** Every number matters: none is 0 or 1, and `rescored` does not cover all. */
const CONSTANTS: LexicalConstants = {
  ...LEXICAL_DEFAULTS,
  k1: 1.1,
  b: 0.6,
  titleWeight: 2.5,
  headingWeight: 1.25,
  compoundWeight: 0.5,
  orderedWeight: 0.3,
  windowWeight: 0.15,
  window: 4,
};
const NO_PROXIMITY: LexicalConstants = { ...CONSTANTS, orderedWeight: 0, windowWeight: 0 };

/** `word` or `=compound`, separated by spaces. */
function tokens(text: string): Token[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word, at) => ({
      term: word.replace('=', ''),
      start: at,
      end: at + 1,
      isCompound: word.startsWith('='),
    }));
}

function fields(body: string, title = '', headings = ''): LexicalFields {
  return { title: tokens(title), headings: tokens(headings), body: tokens(body) };
}

function indexOf(all: readonly LexicalFields[], constants: LexicalConstants): LexicalIndex {
  const index = new LexicalIndex(constants);
  for (const [slot, one] of all.entries()) assert.equal(index.add(one), slot);
  return index;
}

/** A plain reading of the formulas, a map at a time. */
class Reference {
  readonly #constants: LexicalConstants;
  readonly #all: readonly LexicalFields[];
  readonly #idfs = new Map<string, number>();
  readonly #averageLength: number;

  constructor(all: readonly LexicalFields[], constants: LexicalConstants) {
    this.#all = all;
    this.#constants = constants;
    this.#averageLength = all.reduce((sum, one) => sum + this.#length(one), 0) / all.length || 1;
  }

  idf(term: string): number {
    const known = this.#idfs.get(term);
    if (known !== undefined) return known;
    const count = this.#all.filter((one) => this.#frequency(one, term) > 0).length;
    const idf = count === 0 ? 0 : Math.log(1 + (this.#all.length - count + 0.5) / (count + 0.5));
    this.#idfs.set(term, idf);
    return idf;
  }

  /** Fields weighted, in quarters of at least one and at most 255. */
  #frequency({ title, headings, body }: LexicalFields, term: string): number {
    const { titleWeight, headingWeight, compoundWeight } = this.#constants;
    const count = (field: readonly Token[]): number =>
      field.reduce(
        (sum, token) => sum + (token.term === term ? (token.isCompound ? compoundWeight : 1) : 0),
        0,
      );
    const frequency = titleWeight * count(title) + headingWeight * count(headings) + count(body);
    return frequency === 0 ? 0 : Math.min(255, Math.max(1, Math.round(4 * frequency))) / 4;
  }

  #length({ title, headings, body }: LexicalFields): number {
    return [...title, ...headings, ...body].filter((token) => !token.isCompound).length;
  }

  #saturation(one: LexicalFields): number {
    const { k1, b } = this.#constants;
    return k1 * (1 - b + (b * this.#length(one)) / this.#averageLength);
  }

  /** Neighbours of the query as pairs, each once; compounds stand beside their parts and are passed over. */
  #pairs(query: readonly Token[]): [string, string][] {
    const words = query.filter((token) => !token.isCompound).map(({ term }) => term);
    const pairs = words.slice(1).map((word, at): [string, string] => [words[at] ?? '', word]);
    const known = pairs.filter(([a, b]) => a !== b && this.idf(a) > 0 && this.idf(b) > 0);
    return [...new Map(known.map((pair) => [pair.join(' '), pair])).values()];
  }

  proximity(one: LexicalFields, query: readonly Token[]): number {
    const { orderedWeight, windowWeight, window } = this.#constants;
    const saturation = this.#saturation(one);
    let score = 0;
    for (const [first, second] of this.#pairs(query)) {
      let side = 0;
      let near = 0;
      for (const field of [one.title, one.headings, one.body]) {
        const words = field.filter((token) => !token.isCompound).map(({ term }) => term);
        for (const [i, a] of words.entries()) {
          for (const [j, b] of words.entries()) {
            if (a !== first || b !== second) continue;
            if (j === i + 1) side++;
            if (i !== j && Math.abs(i - j) < window) near++;
          }
        }
      }
      const idf = this.idf(first) + this.idf(second);
      score += idf * orderedWeight * (side / (side + saturation));
      score += idf * windowWeight * (near / (near + saturation));
    }
    return score;
  }

  bm25(one: LexicalFields, query: readonly Token[]): number {
    return query.reduce((sum, { term }) => {
      const frequency = this.#frequency(one, term);
      return sum + (this.idf(term) * frequency) / (frequency + this.#saturation(one));
    }, 0);
  }

  score(slot: number, query: readonly Token[]): number {
    const one = this.#all[slot] ?? fields('');
    const score = this.bm25(one, query);
    return score === 0 ? 0 : score + this.proximity(one, query);
  }
}

/** Words by Zipf's law, some of them compounds; fields of every length, empty ones too. */
function randomText(random: () => number, length: number): string {
  const words = Array.from({ length: randomInteger(random, length + 1) }, () => {
    const word = `w${Math.floor(60 * random() ** 2)}`;
    return random() < 0.1 ? `=${word}` : word;
  });
  return words.join(' ');
}

function randomCorpus(seed: number, size: number): LexicalFields[] {
  const random = seededRandom(seed);
  return Array.from({ length: size }, () =>
    fields(randomText(random, 40), randomText(random, 4), randomText(random, 6)),
  );
}

function near(actual: number | undefined, expected: number, place: string): void {
  const allowed = 1e-6 * Math.max(1, Math.abs(expected));
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= allowed,
    `${place}: ${actual}, not ${expected}`,
  );
}

/** Best first, and each score right; a tie may have come out of rounding in either order. */
function assertRanking(
  found: { readonly slots: Uint32Array; readonly scores: Float64Array },
  expected: readonly number[],
  limit: number,
): void {
  const positive = expected.filter((score) => score > 0).toSorted((a, b) => b - a);
  assert.equal(found.slots.length, Math.min(limit, positive.length));
  for (const [at, slot] of found.slots.entries()) {
    near(found.scores[at], positive[at] ?? NaN, `rank ${at + 1}`);
    near(found.scores[at], expected[slot] ?? NaN, `slot ${slot}`);
  }
  assert.equal(new Set(found.slots).size, found.slots.length);
}

describe('the lexical index', () => {
  for (const [name, constants] of Object.entries({
    'BM25 alone': NO_PROXIMITY,
    'with proximity': CONSTANTS,
  })) {
    it(`equals a plain reading of the formulas: ${name}`, () => {
      for (const seed of [1, 2, 3]) {
        const all = randomCorpus(seed, 120);
        const constantsOfRun = { ...constants, rescored: 120 };
        const index = indexOf(all, constantsOfRun);
        const reference = new Reference(all, constantsOfRun);
        const random = seededRandom(seed + 100);
        for (let round = 0; round < 20; round++) {
          const query = tokens(`${randomText(random, 8)} w0`);
          const expected = all.map((_, slot) => reference.score(slot, query));
          const limit = [5, 30, 500][round % 3] ?? 5;
          assertRanking(index.search(index.query(query), everything, limit), expected, limit);
        }
      }
    });
  }

  it('keeps to the filter, however few it leaves', () => {
    const all = randomCorpus(4, 200);
    const index = indexOf(all, CONSTANTS);
    const reference = new Reference(all, CONSTANTS);
    const query = tokens('w0 w1 w2');
    for (const every of [2, 7, 150]) {
      const filter: SlotFilter = (slot) => slot % every === 0;
      const expected = all.map((_, slot) => (filter(slot) ? reference.score(slot, query) : 0));
      assertRanking(index.search(index.query(query), filter, 200), expected, 200);
    }
    assert.equal(index.search(index.query(query), () => false, 5).slots.length, 0);
  });

  it('returns no more than the limit, best first, and ties by the earlier slot', () => {
    const index = indexOf(
      [fields('a b'), fields('a'), fields('a b'), fields('c'), fields('a')],
      NO_PROXIMITY,
    );
    assert.deepEqual([...index.search(index.query(tokens('a')), everything, 3).slots], [1, 4, 0]);
    assert.deepEqual([...index.search(index.query(tokens('a')), everything, 99).slots], [1, 4, 0, 2]);
  });

  it('finds nothing for an empty query or unknown words', () => {
    const index = indexOf([fields('a')], CONSTANTS);
    for (const text of ['', 'unknown words'])
      assert.equal(index.search(index.query(tokens(text)), everything, 5).slots.length, 0);
    assert.equal(new LexicalIndex(CONSTANTS).search({ terms: [], pairs: [] }, everything, 5).slots.length, 0);
    assert.equal(index.idf('unknown'), 0);
  });

  it('counts a word as often as the query asks for it', () => {
    const index = indexOf([fields('a'), fields('b'), fields('c')], NO_PROXIMITY);
    const once = index.score(index.query(tokens('a')), Uint32Array.of(0))[0] ?? 0;
    near(index.score(index.query(tokens('a a')), Uint32Array.of(0))[0], 2 * once, 'twice');
  });

  it('scores given slots as the search does, 0 when no word matches', () => {
    const all = randomCorpus(5, 300);
    const index = indexOf(all, CONSTANTS);
    const query = index.query(tokens('w1 w2 w3 w9'));
    const { slots, scores } = index.search(query, everything, 300);
    assert.deepEqual(index.score(query, slots), scores);
    const others = Uint32Array.from(all.keys()).filter((slot) => !slots.includes(slot));
    assert.ok(others.length > 0);
    assert.ok(index.score(query, others).every((score) => score === 0));
  });

  it('gives every result its nearness, so that scores of a search and of single slots can be compared', () => {
    const all = Array.from({ length: 100 }, (_, at) => fields(at < 50 ? 'a b' : 'a x x x x x b'));
    const index = indexOf(all, { ...CONSTANTS, rescored: 10 });
    const query = index.query(tokens('a b'));
    const { slots, scores } = index.search(query, everything, 80);
    assert.deepEqual(index.score(query, slots), scores);
  });

  it('looks for near words beyond the limit', () => {
    const apart = Array.from({ length: 20 }, () => fields('a x x x x b'));
    const index = indexOf([...apart, fields('a b y y y y y')], { ...CONSTANTS, rescored: 50 });
    assert.deepEqual([...index.search(index.query(tokens('a b')), everything, 1).slots], [20]);
  });

  it('does not take words on both sides of a border of fields for neighbours', () => {
    const index = indexOf([fields('b', 'a'), fields('a b')], CONSTANTS);
    const reference = new Reference([fields('b', 'a'), fields('a b')], CONSTANTS);
    const scores = index.score(index.query(tokens('a b')), Uint32Array.of(0, 1));
    near(scores[0], reference.bm25(fields('b', 'a'), tokens('a b')), 'apart');
    assert.ok(reference.proximity(fields('a b'), tokens('a b')) > 0);
  });

  it('takes passages with no words', () => {
    const index = indexOf([fields(''), fields('a'), fields('')], CONSTANTS);
    assert.equal(index.size, 3);
    assert.deepEqual([...index.search(index.query(tokens('a')), everything, 5).slots], [1]);
  });

  it('gives the same results after it was stored and loaded, and after both went on growing', () => {
    const index = indexOf(randomCorpus(6, 150), CONSTANTS);
    const loaded = new LexicalIndex(CONSTANTS, atOnce(index.storing()));
    const compare = (): void => {
      for (const text of ['w0', 'w1 w2', 'w5 w6 w7 w8 unknown', 'w30 w40'])
        assert.deepEqual(
          loaded.search(loaded.query(tokens(text)), everything, 40),
          index.search(index.query(tokens(text)), everything, 40),
        );
    };
    compare();
    for (const one of [...randomCorpus(7, 100), fields('new words entirely')])
      assert.equal(loaded.add(one), index.add(one));
    compare();
    assert.deepEqual(atOnce(loaded.storing()), atOnce(index.storing()));
  });
});
