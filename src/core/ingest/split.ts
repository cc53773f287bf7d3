import type { Block, Chunk, Span } from '../documents/document.ts';
import { sentenceSpans } from '../documents/sentences.ts';
import { atomsOf, type Atom, type AtomLimits } from './atoms.ts';
import { estimateTokens } from './estimate-tokens.ts';
import { pack, type Packable } from './pack.ts';
import { sectionTree, type Section } from './sections.ts';

export interface SplitOptions {
  /** The size to aim at, in estimated tokens; 200 when not given. */
  readonly targetTokens?: number;
  /** The hard limit in estimated tokens. */
  readonly maxTokens: number;
  /** Sentences of the chunk before that a chunk of the same section repeats; 0 when not given. */
  readonly overlapSentences?: number;
  /** Whether small neighbouring sections under one parent may share a chunk, under the parent's heading path. */
  readonly mergeSiblings?: boolean;
}

/** Name of this way to split; part of a generation: change it when chunks come out differently. */
export const SPLITTER_VERSION = 'structure-1';

const DEFAULT_TARGET_TOKENS = 200;
/** A block stays whole up to this many times the target. */
const WHOLE_FACTOR = 1.5;
const HEADING_JOIN_COST = 0.12;

/**
 * Cuts a parsed document into chunks. A chunk is one contiguous range of the text in one section (a small
 * subsection may follow its parent's text); blocks stay whole where they fit, longer ones are cut at sentence
 * or line ends, then at white space. Every character outside of headings that is not white space is in exactly
 * one chunk (but for the overlap). Headings go to the heading path; a document of headings only is cut as text.
 */
export function splitDocument(
  document: { text: string; blocks: readonly Block[] },
  options: SplitOptions,
): Chunk[] {
  const { text, blocks } = document;
  const targetTokens = Math.min(options.targetTokens ?? DEFAULT_TARGET_TOKENS, options.maxTokens);
  const wholeTokens = Math.min(options.maxTokens, Math.floor(targetTokens * WHOLE_FACTOR));
  const limits = { wholeTokens, pieceTokens: Math.max(2, Math.floor(targetTokens / 4)) };
  const splitter = { text, targetTokens, limits, options, chunks: [] };
  const hasBody = blocks.some(({ kind }) => kind !== 'heading');
  if (hasBody) splitSection(splitter, sectionTree(text, blocks));
  else splitSection(splitter, flatSection(text, blocks));
  const chunks = withOverlap(text, splitter.chunks, options);
  return chunks.map(({ start, end, headingPath, page }, ordinal) => {
    const indent = text.slice(start, end).search(/\S/);
    return { ordinal, start: start + Math.max(0, indent), end, headingPath, page };
  });
}

type Draft = Omit<Chunk, 'ordinal'>;

interface Splitter {
  readonly text: string;
  readonly targetTokens: number;
  readonly limits: AtomLimits;
  readonly options: SplitOptions;
  readonly chunks: Draft[];
}

/** An atom of the section's own text, or a whole subsection. */
interface Item extends Packable, Span {
  readonly page: number | null;
  readonly section: Section | null;
}

/** Depth is bounded by the six heading levels. */
function splitSection(splitter: Splitter, section: Section): void {
  const { text, limits, targetTokens } = splitter;
  let run: Item[] = atomsOf(text, section.blocks, limits).map(atomItem);
  for (const child of section.sections) {
    if (child.tokens <= targetTokens) {
      run.push(sectionItem(child, splitter.options));
      continue;
    }
    packRun(splitter, section, run);
    run = [];
    splitSection(splitter, child);
  }
  packRun(splitter, section, run);
}

function atomItem({ start, end, tokens, page, cutCost }: Atom): Item {
  return { start, end, tokens, page, cutCost, joinCost: 0, isAlone: false, section: null };
}

function sectionItem(section: Section, { mergeSiblings = false }: SplitOptions): Item {
  const { start, end, tokens } = section;
  const place = { start, end, tokens: Math.max(1, tokens), page: section.heading?.page ?? null, section };
  return { ...place, cutCost: 0, joinCost: HEADING_JOIN_COST, isAlone: !mergeSiblings };
}

function packRun(splitter: Splitter, section: Section, items: readonly Item[]): void {
  const { targetTokens, options, chunks } = splitter;
  for (const { from, to } of pack(items, { targetTokens, maxTokens: options.maxTokens })) {
    const first = items[from];
    const last = items[to - 1];
    if (first === undefined || last === undefined) continue;
    if (first.section === null || to - from > 1) {
      chunks.push({ start: first.start, end: last.end, headingPath: section.path, page: first.page });
    } else chunks.push(...wholeSection(first.section));
  }
}

/** A section in one chunk, without the headings that it starts with; none when it has no text at all. */
function wholeSection(section: Section): Draft[] {
  const { blocks, sections, path, end } = section;
  const [first] = blocks;
  if (first !== undefined) return [{ start: first.start, end, headingPath: path, page: first.page ?? null }];
  const filled = sections.filter(hasBody);
  const [only] = filled;
  if (only === undefined) return [];
  if (filled.length === 1) return wholeSection(only);
  return [{ start: only.start, end, headingPath: path, page: only.heading?.page ?? null }];
}

function hasBody(section: Section): boolean {
  return section.blocks.length > 0 || section.sections.some(hasBody);
}

/** All blocks as the text of one section without a heading. */
function flatSection(text: string, blocks: readonly Block[]): Section {
  const span = { start: blocks[0]?.start ?? 0, end: blocks.at(-1)?.end ?? 0 };
  const tokens = estimateTokens(text, span.start, span.end);
  return { ...span, level: 0, heading: null, path: [], blocks, sections: [], tokens };
}

/** Starts every chunk that continues its section some sentences earlier, within the hard limit. */
function withOverlap(text: string, chunks: readonly Draft[], options: SplitOptions): readonly Draft[] {
  const count = options.overlapSentences ?? 0;
  if (count < 1) return chunks;
  return chunks.map((chunk, index) => {
    const previous = chunks[index - 1];
    if (previous?.headingPath !== chunk.headingPath) return chunk;
    const start = sentenceSpans(text, previous.start, previous.end).slice(-count)[0]?.start ?? chunk.start;
    return estimateTokens(text, start, chunk.end) <= options.maxTokens ? { ...chunk, start } : chunk;
  });
}
