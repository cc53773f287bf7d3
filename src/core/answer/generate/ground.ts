import { sentenceSpans } from '../../documents/sentences.ts';
import type { Span } from '../../documents/document.ts';
import type { AnalyzedTerm, EmbedShort } from '../../retrieval/text-analysis.ts';

/** A passage that a generated answer may cite. */
export interface GroundPassage {
  readonly text: string;
  /** Offset of the text in its document version. */
  readonly start: number;
  readonly language: string;
}

export interface GroundTools {
  terms(text: string, language: string): readonly AnalyzedTerm[];
  readonly embed: EmbedShort;
}

/** The sentence of a passage that supports a sentence of the answer. */
export interface Support extends Span {
  /** Number of the passage, from 1. */
  readonly marker: number;
  readonly quote: string;
}

export interface Grounding {
  readonly supports: readonly Support[];
  /** Sentences of the answer that no cited passage supports. */
  readonly unsupported: readonly Span[];
}

/** Share of a sentence's own terms, and cosine, that make a sentence of a passage its support. */
const MIN_OVERLAP = 0.4;
const MIN_SUPPORT = 0.5;

const MARKER = /\[(\d{1,3})\]/g;

/** Holds every sentence of a generated answer to the passages that it cites. */
export function ground(answer: string, passages: readonly GroundPassage[], tools: GroundTools): Grounding {
  const supports: Support[] = [];
  const unsupported: Span[] = [];
  for (const sentence of markedSentences(answer)) {
    const found = sentence.markers.flatMap((marker) => {
      const passage = passages[marker - 1];
      return passage === undefined
        ? []
        : (supportIn(passage, marker, { claim: sentence.claim, tools }) ?? []);
    });
    if (found.length === 0 && sentence.claim !== '')
      unsupported.push({ start: sentence.start, end: sentence.end });
    for (const support of found)
      if (!supports.some((known) => isSame(known, support))) supports.push(support);
  }
  return { supports, unsupported };
}

function isSame(a: Support, b: Support): boolean {
  return a.marker === b.marker && a.start === b.start && a.end === b.end;
}

interface MarkedSentence extends Span {
  readonly claim: string;
  readonly markers: readonly number[];
}

/** Sentences with the markers in them or right behind their full stop. */
function markedSentences(answer: string): MarkedSentence[] {
  const sentences: MarkedSentence[] = [];
  for (const { start, end } of sentenceSpans(answer)) {
    const text = answer.slice(start, end);
    const markers = [...text.matchAll(MARKER)].map((match) => Number(match[1]));
    const claim = text.replaceAll(MARKER, '').trim();
    const before = sentences.at(-1);
    // "... at two. [1] Restores ...": markers at the beginning belong to the sentence before.
    const leading = /^(?:\[\d{1,3}\]\s*)+/.exec(text)?.[0] ?? '';
    const led = [...leading.matchAll(MARKER)].map((match) => Number(match[1]));
    if (before !== undefined && led.length > 0) {
      sentences[sentences.length - 1] = { ...before, markers: [...before.markers, ...led] };
      const own = markers.slice(led.length);
      if (/[\p{L}\p{N}]/u.test(claim))
        sentences.push({ start: start + leading.length, end, claim, markers: own });
    } else sentences.push({ start, end, claim: /[\p{L}\p{N}]/u.test(claim) ? claim : '', markers });
  }
  return sentences;
}

interface Claim {
  readonly claim: string;
  readonly tools: GroundTools;
}

/** The sentence of the passage that says most of the claim, if it says enough. */
function supportIn(passage: GroundPassage, marker: number, { claim, tools }: Claim): Support | null {
  const wanted = new Set(tools.terms(claim, passage.language).map(({ term }) => term));
  let vector: Float32Array | null = null;
  let best: { readonly span: Span; readonly score: number } | null = null;
  for (const span of sentenceSpans(passage.text)) {
    const text = passage.text.slice(span.start, span.end);
    const overlap = share(wanted, tools.terms(text, passage.language));
    if (overlap < MIN_OVERLAP) continue;
    vector ??= tools.embed(claim);
    const score = Math.max(overlap, (overlap + cosine(vector, tools.embed(text))) / 2);
    if (score >= MIN_SUPPORT && score > (best?.score ?? 0)) best = { span, score };
  }
  if (best === null) return null;
  const { start, end } = best.span;
  return {
    marker,
    start: passage.start + start,
    end: passage.start + end,
    quote: passage.text.slice(start, end),
  };
}

function share(wanted: ReadonlySet<string>, terms: readonly AnalyzedTerm[]): number {
  if (wanted.size === 0) return 0;
  const found = new Set(terms.map(({ term }) => term).filter((term) => wanted.has(term)));
  return found.size / wanted.size;
}

function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
