import type { Token } from '../analysis/analyzer.ts';
import { GrowableUint32 } from '../growable.ts';
import { TopK, type Candidates } from '../top-k.ts';
import type { LexicalConstants } from './constants.ts';
import {
  FREQUENCY_SCALE,
  MAX_SLOTS,
  packPosting,
  PostingStore,
  type StoredPostings,
} from './posting-store.ts';
import { proximityScorer } from './proximity.ts';
import { FIELD_BORDER, type LexicalQuery } from './lexical-query.ts';

/** The analysed fields of one chunk. */
export interface LexicalFields {
  readonly title: readonly Token[];
  readonly headings: readonly Token[];
  readonly body: readonly Token[];
}

/** True for slots that may be found. */
export type SlotFilter = (slot: number) => boolean;

export interface StoredLexicalIndex {
  readonly terms: readonly string[];
  readonly postings: StoredPostings;
  readonly lengths: Uint32Array;
  readonly forward: Uint32Array;
  readonly forwardStarts: Uint32Array;
}

/** Scores that are looked at together. */
const STEP = 4;

/**
 * BM25 (Robertson and Zaragoza 2009, Lucene's idf) over weighted fields, with proximity of neighbouring query
 * terms after the sequential dependence model (Metzler and Croft 2005) for the best candidates.
 * Slots are dense numbers from 0 in order of arrival; removed ones are left out by the caller's filter.
 */
export class LexicalIndex {
  readonly #constants: LexicalConstants;
  readonly #ids = new Map<string, number>();
  readonly #postings: PostingStore;
  readonly #lengths: GrowableUint32;
  readonly #forward: GrowableUint32;
  readonly #forwardStarts: GrowableUint32;
  #totalLength = 0;
  #accumulators = new Float32Array(0);
  /** Weighted frequencies in the chunk that is being added, by term; zero in between. */
  #frequencies = new Float32Array(1024);

  constructor(constants: LexicalConstants, stored?: StoredLexicalIndex) {
    this.#constants = constants;
    this.#postings = new PostingStore(stored?.postings);
    this.#lengths = new GrowableUint32(stored?.lengths);
    this.#forward = new GrowableUint32(stored?.forward);
    this.#forwardStarts = new GrowableUint32(stored?.forwardStarts);
    if (stored === undefined) return;
    for (const [id, term] of stored.terms.entries()) this.#ids.set(term, id);
    for (const length of stored.lengths) this.#totalLength += length;
  }

  /** Number of slots, removed ones included. */
  get size(): number {
    return this.#lengths.length;
  }

  get bytes(): number {
    return (
      this.#postings.bytes +
      this.#lengths.bytes +
      this.#forward.bytes +
      this.#forwardStarts.bytes +
      this.#ids.size * 48
    );
  }

  /** Appends a chunk and returns its slot. */
  add(fields: LexicalFields): number {
    const slot = this.#lengths.length;
    if (slot >= MAX_SLOTS) throw new RangeError(`an index holds at most ${MAX_SLOTS} chunks`);
    const { titleWeight, headingWeight, compoundWeight } = this.#constants;
    const distinct: number[] = [];
    this.#forwardStarts.push(this.#forward.length);
    let length = 0;
    const addField = (tokens: readonly Token[], weight: number): void => {
      for (const token of tokens) {
        const added = token.isCompound ? weight * compoundWeight : weight;
        if (added === 0) continue;
        const id = this.#idOf(token.term);
        if (id >= this.#frequencies.length) this.#growFrequencies(id);
        const before = this.#frequencies[id] ?? 0;
        if (before === 0) distinct.push(id);
        this.#frequencies[id] = before + added;
        if (token.isCompound) continue;
        this.#forward.push(id);
        length++;
      }
    };
    addField(fields.title, titleWeight);
    this.#forward.push(FIELD_BORDER);
    addField(fields.headings, headingWeight);
    this.#forward.push(FIELD_BORDER);
    addField(fields.body, 1);
    this.#lengths.push(length);
    this.#totalLength += length;
    this.#postings.ensureTerms(this.#ids.size);
    for (const id of distinct) {
      this.#postings.append(id, packPosting(slot, this.#frequencies[id] ?? 0));
      this.#frequencies[id] = 0;
    }
    return slot;
  }

  /** Appends a chunk of so many words that nobody will look for: it counts for the weights of the others. */
  addUnsearched(length: number): number {
    const slot = this.#lengths.length;
    if (slot >= MAX_SLOTS) throw new RangeError(`an index holds at most ${MAX_SLOTS} chunks`);
    this.#forwardStarts.push(this.#forward.length);
    this.#lengths.push(length);
    this.#totalLength += length;
    return slot;
  }

  /** Inverse document frequency of a term, or 0 when no chunk holds it. */
  idf(term: string): number {
    const id = this.#ids.get(term);
    return id === undefined ? 0 : this.#idf(id);
  }

  /** The query as this index understands it; unknown terms are left out. */
  query(tokens: readonly Token[]): LexicalQuery {
    const counts = new Map<number, number>();
    for (const token of tokens) {
      const id = this.#ids.get(token.term);
      if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const terms = [...counts].map(([id, count]) => ({
      id,
      idf: this.#idf(id),
      weight: count * this.#idf(id),
    }));
    terms.sort((a, b) => b.idf - a.idf || a.id - b.id);
    const positions = new Map(terms.map((term, position) => [term.id, position]));
    return { terms, pairs: this.#pairs(tokens, positions) };
  }

  /** The best `limit` slots that pass the filter, best first, with the scores that `score` gives them. */
  search(query: LexicalQuery, filter: SlotFilter, limit: number): Candidates {
    if (query.terms.length === 0) return { slots: new Uint32Array(0), scores: new Float64Array(0) };
    const found = this.#best(this.#accumulate(query), filter, Math.max(limit, this.#constants.rescored));
    const proximity = this.#proximity(query);
    const best = new TopK(limit);
    for (const [i, slot] of found.slots.entries()) best.offer(slot, (found.scores[i] ?? 0) + proximity(slot));
    return best.drain();
  }

  /** The score of single slots, in the order given; 0 when no term matches. */
  score(query: LexicalQuery, slots: Uint32Array): Float64Array {
    const proximity = this.#proximity(query);
    const { base, slope } = this.#saturation();
    const terms = query.terms.map(({ id, weight }) => ({ weight, list: this.#postings.list(id) }));
    return Float64Array.from(slots, (slot) => {
      const saturated = base + slope * (this.#lengths.data[slot] ?? 0);
      let score = 0;
      let matches = 0;
      for (const { weight, list } of terms) {
        const frequency = frequencyIn(list, slot);
        if (frequency === 0) continue;
        matches++;
        // In single precision, as they are added up in a search.
        score = Math.fround(score + (weight * frequency) / (frequency + saturated));
      }
      return matches < 2 ? score : score + proximity(slot);
    });
  }

  /** A compact copy for a snapshot, in steps. Nothing may be added before the last one. */
  *storing(): Generator<void, StoredLexicalIndex> {
    const postings = yield* this.#postings.storing();
    return {
      terms: [...this.#ids.keys()],
      postings,
      lengths: this.#lengths.view,
      forward: this.#forward.view,
      forwardStarts: this.#forwardStarts.view,
    };
  }

  #growFrequencies(id: number): void {
    const grown = new Float32Array(Math.max(id + 1, this.#frequencies.length * 2));
    grown.set(this.#frequencies);
    this.#frequencies = grown;
  }

  #idOf(term: string): number {
    let id = this.#ids.get(term);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(term, id);
    }
    return id;
  }

  #idf(id: number): number {
    const count = this.#postings.count(id);
    return count === 0 ? 0 : Math.log(1 + (this.size - count + 0.5) / (count + 0.5));
  }

  #pairs(tokens: readonly Token[], positions: ReadonlyMap<number, number>): [number, number][] {
    const pairs: [number, number][] = [];
    let before: number | undefined;
    for (const token of tokens) {
      if (token.isCompound) continue;
      const id = this.#ids.get(token.term);
      const position = id === undefined ? undefined : positions.get(id);
      if (before !== undefined && position !== undefined && before !== position)
        pairs.push([before, position]);
      before = position;
    }
    return pairs;
  }

  /** BM25's k1 * (1 - b + b * length / average length) as base + slope * length, in quantised frequencies. */
  #saturation(): { readonly base: number; readonly slope: number } {
    const { k1, b } = this.#constants;
    const average = this.#totalLength / Math.max(1, this.size) || 1;
    return { base: k1 * (1 - b) * FREQUENCY_SCALE, slope: (k1 * b * FREQUENCY_SCALE) / average };
  }

  #accumulate(query: LexicalQuery): Float32Array {
    const { length } = this.#lengths;
    if (this.#accumulators.length < length)
      this.#accumulators = new Float32Array(Math.ceil(this.#lengths.data.length / STEP) * STEP);
    const scores = this.#accumulators.fill(0, 0, length);
    const { base, slope } = this.#saturation();
    const lengths = this.#lengths.data;
    for (const { id, weight } of query.terms) {
      const list = this.#postings.list(id);
      for (let i = 0; i < list.length; i++) {
        const posting = list[i] ?? 0;
        const slot = posting >>> 8;
        const frequency = posting & 255;
        const saturated = base + slope * (lengths[slot] ?? 0);
        scores[slot] = (scores[slot] ?? 0) + (weight * frequency) / (frequency + saturated);
      }
    }
    return scores;
  }

  /** The best positive scores. Four at a time, as hardly any is above the threshold. */
  #best(scores: Float32Array, filter: SlotFilter, size: number): Candidates {
    const best = new TopK(size);
    const { length } = this.#lengths;
    let threshold = 0;
    for (let start = 0; start < length; start += STEP) {
      const a = scores[start] ?? 0;
      const b = scores[start + 1] ?? 0;
      const c = scores[start + 2] ?? 0;
      const d = scores[start + 3] ?? 0;
      if (a <= threshold && b <= threshold && c <= threshold && d <= threshold) continue;
      for (let slot = start; slot < start + STEP; slot++) {
        const score = scores[slot] ?? 0;
        if (score <= threshold || !filter(slot)) continue;
        best.offer(slot, score);
        threshold = Math.max(best.threshold, 0);
      }
    }
    return best.drain();
  }

  #proximity(query: LexicalQuery): (slot: number) => number {
    const { orderedWeight, windowWeight, window } = this.#constants;
    if (query.pairs.length === 0 || (orderedWeight === 0 && windowWeight === 0)) return () => 0;
    const scorer = proximityScorer(query, { orderedWeight, windowWeight, window });
    const { base, slope } = this.#saturation();
    return (slot) => {
      const start = this.#forwardStarts.data[slot] ?? 0;
      const end = slot + 1 < this.size ? (this.#forwardStarts.data[slot + 1] ?? 0) : this.#forward.length;
      const saturation = (base + slope * (this.#lengths.data[slot] ?? 0)) / FREQUENCY_SCALE;
      return scorer({ terms: this.#forward.data, start, end }, saturation);
    };
  }
}

/** Quantised frequency of a slot in the postings of a term, by binary search; 0 when it is not there. */
function frequencyIn(list: Uint32Array, slot: number): number {
  let low = 0;
  let high = list.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const posting = list[middle] ?? 0;
    const found = posting >>> 8;
    if (found === slot) return posting & 255;
    if (found < slot) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
}
