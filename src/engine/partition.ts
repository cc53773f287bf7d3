import { analyzerOf, type Token } from './analysis/analyzer.ts';
import { queryTokensOf } from './analysis/query-tokens.ts';
import { Columns, type FieldValue, type StoredColumn } from './columns.ts';
import { DenseIndex, type StoredDenseIndex } from './dense/dense-index.ts';
import { EncodedIndex } from './dense/encoded-index.ts';
import { GrowableUint32 } from './growable.ts';
import type { LexicalConstants } from './lexical/constants.ts';
import { LexicalIndex, type StoredLexicalIndex } from './lexical/lexical-index.ts';
import { atOnce } from '../lib/time-slices.ts';
import type { Candidates } from './top-k.ts';

/** A passage to index. */
export interface PassageInput {
  readonly headings: readonly string[];
  readonly body: string;
  readonly vector: { readonly values: Int8Array; readonly scale: number };
}

/** A document to index: its passages get neighbouring slots. */
export interface DocumentInput {
  /** 32 hexadecimal digits; unique among the live documents of a partition. */
  readonly key: string;
  readonly title: string;
  readonly language: string;
  readonly fields: Readonly<Record<string, FieldValue | readonly FieldValue[]>>;
  /** Gone through once. */
  readonly passages: Iterable<PassageInput> & { readonly length: number };
}

/** Every field must have a value that fulfils its condition. */
export type FieldConditions = Readonly<Record<string, (value: FieldValue) => boolean>>;

/** A slot named so that it can be found again: document key and number of the passage. */
export interface PassageRef {
  readonly key: string;
  readonly ordinal: number;
}

export interface Hit extends PassageRef {
  readonly score: number;
}

export interface StoredPartition {
  readonly keys: readonly string[];
  readonly firstSlots: Uint32Array;
  readonly languages: Readonly<Record<string, number>>;
  readonly columns: readonly StoredColumn[];
  readonly lexical: StoredLexicalIndex;
  readonly dense: StoredDenseIndex;
}

export interface PartitionOptions {
  /** Of the vectors that passages come with; 0: they have none, and none is kept. */
  readonly dimensions: number;
  readonly constants: LexicalConstants;
}

/** A passage with the vector that the second model made of it. Scale 0: it has none. */
export interface EncodedPassage extends PassageRef {
  readonly vector: { readonly values: Int8Array; readonly scale: number };
}

/**
 * One searchable set of documents: lexical index, dense index, filter columns and, where there is a second model, a
 * dense index of its vectors, over common slots. The second model's vectors come later and are not stored.
 * Documents are numbered in order of arrival; removing one only hides it until `store` leaves it out
 * of a later rebuild.
 */
export class Partition {
  readonly #lexical: LexicalIndex;
  /** Null: passages have no vectors of the first model. */
  readonly #dense: DenseIndex | null;
  readonly #columns: Columns;
  readonly #keys: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #firstSlots: GrowableUint32;
  readonly #documentOf: GrowableUint32;
  readonly #languages = new Map<string, number>();
  /** A question is read several times: for the search, for single scores, for the answer. */
  #lastQuestion: { readonly text: string; readonly tokens: Token[] } | null = null;
  #hidden = new Uint8Array(64);
  #hiddenSlots = 0;
  #encoded: EncodedIndex | null = null;
  #encodedCount = 0;

  constructor(options: PartitionOptions, stored?: StoredPartition) {
    this.#lexical = new LexicalIndex(options.constants, stored?.lexical);
    this.#dense = options.dimensions === 0 ? null : new DenseIndex(options.dimensions, stored?.dense);
    this.#columns = new Columns(stored?.columns);
    this.#firstSlots = new GrowableUint32(stored?.firstSlots);
    this.#documentOf = new GrowableUint32();
    if (stored !== undefined) this.#load(stored);
  }

  /** Live documents. */
  get documentCount(): number {
    return this.#numbers.size;
  }

  /** Live passages. */
  get passageCount(): number {
    return this.#lexical.size - this.#hiddenSlots;
  }

  /** Live passages that the second model has seen. */
  get encodedCount(): number {
    return this.#encodedCount;
  }

  /** Share of slots that belong to removed documents, 0 to 1: the reason to rebuild. */
  get wasted(): number {
    return this.#lexical.size === 0 ? 0 : this.#hiddenSlots / this.#lexical.size;
  }

  get bytes(): number {
    const vectors = (this.#dense?.bytes ?? 0) + (this.#encoded?.bytes ?? 0);
    return this.#lexical.bytes + vectors + this.#documentOf.bytes + this.#keys.length * 160;
  }

  has(key: string): boolean {
    return this.#numbers.has(key);
  }

  /** Keys of the live documents with their numbers of passages. */
  *documents(): Generator<{ readonly key: string; readonly passages: number }> {
    for (const [key, number] of this.#numbers) yield { key, passages: this.#slotCount(number) };
  }

  /** Adding a document that is there already changes nothing. */
  add(document: DocumentInput): void {
    atOnce(this.adding(document));
  }

  /**
   * As `add`, in steps of one passage, between which searches may come: they find nothing of the document before the
   * last step, and nothing ever when that is not taken. One document at a time.
   */
  *adding(document: DocumentInput): Generator<void, void> {
    if (this.#numbers.has(document.key)) return;
    const number = this.#beginHidden(document.key);
    const analyzer = analyzerOf(document.language);
    const title = analyzer.analyze(document.title);
    for (const passage of document.passages) {
      const headings = passage.headings.flatMap((heading) => analyzer.analyze(heading));
      this.#lexical.add({ title, headings, body: analyzer.analyze(passage.body) });
      this.#addVector(passage.vector);
      this.#documentOf.push(number);
      this.#hiddenSlots++;
      yield;
    }
    for (const [field, value] of Object.entries(document.fields)) {
      for (const single of Array.isArray(value) ? value : [value]) this.#columns.add(number, field, single);
    }
    this.#languages.set(document.language, (this.#languages.get(document.language) ?? 0) + 1);
    this.#lastQuestion = null;
    this.#numbers.set(document.key, number);
    this.#hidden[number] = 0;
    this.#hiddenSlots -= document.passages.length;
  }

  /** The number of a document whose passages are about to come; no search finds it. */
  #beginHidden(key: string): number {
    const number = this.#keys.push(key) - 1;
    this.#growHidden();
    this.#hidden[number] = 1;
    this.#firstSlots.push(this.#lexical.size);
    return number;
  }

  /** A passage from a time when vectors of other dimensions were kept, or none, has no vector. */
  #addVector({ values, scale }: PassageInput['vector']): void {
    if (this.#dense === null) return;
    const isFitting = values.length === this.#dense.dimensions;
    this.#dense.add(isFitting ? values : new Int8Array(this.#dense.dimensions), isFitting ? scale : 0);
  }

  /** Hides a document from all searches; false when it is not there. */
  remove(key: string): boolean {
    const number = this.#numbers.get(key);
    if (number === undefined) return false;
    this.#numbers.delete(key);
    this.#hidden[number] = 1;
    const slots = this.#slotCount(number);
    this.#hiddenSlots += slots;
    const first = this.#firstSlots.data[number] ?? 0;
    for (let slot = first; slot < first + slots; slot++)
      if (this.#encoded?.has(slot) === true) this.#encodedCount--;
    return true;
  }

  /**
   * Takes in vectors of the second model, which all have the same dimensions. Passages that are gone, or
   * have one, are left as they are.
   */
  encode(passages: readonly EncodedPassage[]): void {
    for (const passage of passages) {
      const slot = this.#slot(passage);
      if (slot === null) continue;
      if (this.#encodedFor(passage.vector.values.length).add(slot, passage.vector)) this.#encodedCount++;
    }
  }

  /** Terms of a question in the languages of this partition. */
  queryTokens(text: string): readonly Token[] {
    if (this.#lastQuestion?.text !== text)
      this.#lastQuestion = { text, tokens: queryTokensOf(this.#languages, text) };
    return this.#lastQuestion.tokens;
  }

  /** Inverse document frequency of a term; 0 when no passage holds it. */
  idf(term: string): number {
    return this.#lexical.idf(term);
  }

  searchLexical(text: string, conditions: FieldConditions, limit: number): Hit[] {
    const query = this.#lexical.query(this.queryTokens(text));
    return this.#hits(this.#lexical.search(query, this.#filter(conditions), limit));
  }

  searchDense(vector: Float32Array, conditions: FieldConditions, limit: number): Hit[] {
    if (this.#dense === null) return [];
    return this.#hits(this.#dense.search(vector, this.#filter(conditions), limit));
  }

  /** As `searchDense` with a vector of the second model, among the passages that it has seen. */
  searchEncoded(vector: Float32Array, conditions: FieldConditions, limit: number): Hit[] {
    return this.#encoded === null
      ? []
      : this.#hits(this.#encoded.search(vector, this.#filter(conditions), limit));
  }

  /** Lexical scores of single passages; 0 for one that is gone. */
  scoreLexical(text: string, passages: readonly PassageRef[]): Float64Array {
    const query = this.#lexical.query(this.queryTokens(text));
    return this.#scores(passages, 0, (slots) => this.#lexical.score(query, slots));
  }

  /** Cosines of single passages; NaN for one that is gone or has no vector. */
  scoreDense(vector: Float32Array, passages: readonly PassageRef[]): Float64Array {
    const dense = this.#dense;
    if (dense === null) return new Float64Array(passages.length).fill(Number.NaN);
    return this.#scores(passages, Number.NaN, (slots) => dense.score(vector, slots));
  }

  /** As `scoreDense` with a vector of the second model. */
  scoreEncoded(vector: Float32Array, passages: readonly PassageRef[]): Float64Array {
    const encoded = this.#encoded;
    return this.#scores(
      passages,
      Number.NaN,
      (slots) => encoded?.score(vector, slots) ?? new Float64Array(slots.length).fill(Number.NaN),
    );
  }

  /**
   * Everything for a snapshot, in steps, before the last of which nothing may change; hidden documents are stored as
   * hidden (empty key).
   */
  *storing(): Generator<void, StoredPartition> {
    const lexical = yield* this.#lexical.storing();
    const dense = this.#dense === null ? null : yield* this.#dense.storing();
    return {
      keys: this.#keys.map((key, number) => (this.#hidden[number] === 1 ? '' : key)),
      firstSlots: this.#firstSlots.view,
      languages: Object.fromEntries(this.#languages),
      columns: this.#columns.store(),
      lexical,
      dense: dense ?? { vectors: new Int8Array(0), scales: new Float32Array(0) },
    };
  }

  #load(stored: StoredPartition): void {
    for (const [number, key] of stored.keys.entries()) {
      this.#keys.push(key);
      this.#growHidden();
      const slots = this.#slotCount(number);
      const first = this.#documentOf.extend(slots);
      this.#documentOf.data.fill(number, first, first + slots);
      if (key === '') {
        this.#hidden[number] = 1;
        this.#hiddenSlots += slots;
      } else this.#numbers.set(key, number);
    }
    for (const [language, count] of Object.entries(stored.languages)) this.#languages.set(language, count);
  }

  #growHidden(): void {
    if (this.#keys.length <= this.#hidden.length) return;
    const grown = new Uint8Array(this.#hidden.length * 2);
    grown.set(this.#hidden);
    this.#hidden = grown;
  }

  #slotCount(number: number): number {
    const start = this.#firstSlots.data[number] ?? 0;
    const end =
      number + 1 < this.#firstSlots.length ? (this.#firstSlots.data[number + 1] ?? 0) : this.#lexical.size;
    return end - start;
  }

  /** The second model may come with other dimensions once no live passage has a vector of it. */
  #encodedFor(dimensions: number): EncodedIndex {
    const isFree = this.#encodedCount === 0 && this.#encoded?.dimensions !== dimensions;
    if (this.#encoded === null || isFree) this.#encoded = new EncodedIndex(dimensions);
    return this.#encoded;
  }

  /** Null for a passage that is gone. */
  #slot({ key, ordinal }: PassageRef): number | null {
    const number = this.#numbers.get(key);
    if (number === undefined || ordinal >= this.#slotCount(number)) return null;
    return (this.#firstSlots.data[number] ?? 0) + ordinal;
  }

  #filter(conditions: FieldConditions): (slot: number) => boolean {
    const documentOf = this.#documentOf.data;
    const hidden = this.#hidden;
    const entries = Object.entries(conditions);
    if (entries.length === 0) {
      if (this.#hiddenSlots === 0) return () => true;
      return (slot) => hidden[documentOf[slot] ?? 0] === 0;
    }
    const allowed = new Uint8Array(this.#keys.length).fill(1);
    for (const [field, condition] of entries) {
      const mask = new Uint8Array(this.#keys.length);
      this.#columns.mark(field, condition, mask);
      for (let i = 0; i < mask.length; i++) if (mask[i] === 0) allowed[i] = 0;
    }
    for (let i = 0; i < allowed.length; i++) if (hidden[i] === 1) allowed[i] = 0;
    return (slot) => allowed[documentOf[slot] ?? 0] === 1;
  }

  #hits(found: Candidates): Hit[] {
    return Array.from(found.slots, (slot, i) => {
      const number = this.#documentOf.data[slot] ?? 0;
      return {
        key: this.#keys[number] ?? '',
        ordinal: slot - (this.#firstSlots.data[number] ?? 0),
        score: found.scores[i] ?? 0,
      };
    });
  }

  #scores(
    passages: readonly PassageRef[],
    missing: number,
    score: (slots: Uint32Array) => Float64Array,
  ): Float64Array {
    const scores = new Float64Array(passages.length).fill(missing);
    const live: number[] = [];
    const slots: number[] = [];
    for (const [at, passage] of passages.entries()) {
      const slot = this.#slot(passage);
      if (slot === null) continue;
      live.push(at);
      slots.push(slot);
    }
    for (const [i, value] of score(Uint32Array.from(slots)).entries()) scores[live[i] ?? 0] = value;
    return scores;
  }
}
