import type { Block, Span } from '../documents/document.ts';
import { sentenceSpans } from '../documents/sentences.ts';
import { estimateTokens } from './estimate-tokens.ts';

/** A piece of text that is never cut: the smallest part of a chunk. */
export interface Atom extends Span {
  readonly tokens: number;
  readonly page: number | null;
  /** How bad it is to cut before this atom: 0 (between paragraphs) to 1 (inside a word). */
  readonly cutCost: number;
}

/** Invisible characters count as tokens of this length, so that they can't fill a chunk without end. */
const MAX_TOKEN_LENGTH = 32;
/** Tokens per character, at most, of parts of one word when they are joined again. */
const JOINED_TOKENS = 0.5;

/** Sentences and lines are joined up to this part of a piece. */
const TINY_PARTS = 5;

export interface AtomLimits {
  /** Blocks up to this size stay whole. */
  readonly wholeTokens: number;
  /** About the size of the pieces of a sentence or line that is too long. */
  readonly pieceTokens: number;
}

/** Between: items of one list; an introduction and its list, code or table; lines; sentences; words; inside a word. */
const CUT = { item: 0.05, introduction: 0.3, line: 0.15, sentence: 0.15, word: 0.5, character: 1 } as const;

/** Cuts blocks (no headings) into atoms: whole blocks and list runs where they fit, else ever smaller parts. */
export function atomsOf(text: string, blocks: readonly Block[], limits: AtomLimits): Atom[] {
  const atoms: Atom[] = [];
  const cutter = { text, limits };
  for (let at = 0; at < blocks.length;) {
    const run = listRun(blocks, at);
    const first = blocks[at];
    const last = blocks[run - 1];
    if (first === undefined || last === undefined) break;
    const before = blocks[at - 1];
    const cutCost = before !== undefined && introduces(text, before, first) ? CUT.introduction : 0;
    const whole = wholeAtom(text, { start: first.start, end: last.end, page: first.page ?? null, cutCost });
    if (whole.tokens <= limits.wholeTokens) atoms.push(whole);
    else for (let i = at; i < run; i++) pushBlock(atoms, cutter, blocks[i], i === at ? cutCost : CUT.item);
    at = run;
  }
  return atoms;
}

interface Cutter {
  readonly text: string;
  readonly limits: AtomLimits;
}

function pushBlock(atoms: Atom[], cutter: Cutter, block: Block | undefined, cutCost: number): void {
  if (block === undefined) return;
  const { start, end, page = null } = block;
  const whole = wholeAtom(cutter.text, { start, end, page, cutCost });
  if (whole.tokens <= cutter.limits.wholeTokens) {
    atoms.push(whole);
    return;
  }
  for (const [index, part] of partsOf(cutter.text, block).entries()) {
    const atom = wholeAtom(cutter.text, { ...part, page, cutCost: index === 0 ? cutCost : part.cutCost });
    if (atom.tokens > cutter.limits.wholeTokens) pushWords(atoms, cutter, atom);
    else if (index === 0 || !joinTiny(atoms, atom, cutter.limits)) atoms.push(atom);
  }
}

/** The lines of code and tables, the sentences of all else, with what a cut before each costs. */
function partsOf(text: string, { kind, start, end }: Block): (Span & { cutCost: number })[] {
  if (kind !== 'code' && kind !== 'table') {
    return sentenceSpans(text, start, end).map((span) => ({
      start: span.start,
      end: span.end,
      cutCost: CUT.sentence,
    }));
  }
  return lineSpans(text, { start, end }).map((span) => {
    const isAfterBlankLine = text.startsWith('\n', span.start - 2);
    return { start: span.start, end: span.end, cutCost: isAfterBlankLine ? CUT.item : CUT.line };
  });
}

/** Joins an atom to the last one when both are tiny: masses of them would make packing slow. */
function joinTiny(atoms: Atom[], atom: Atom, { pieceTokens }: AtomLimits): boolean {
  const last = atoms.at(-1);
  const tokens = (last?.tokens ?? 0) + atom.tokens;
  if (last === undefined || atom.cutCost === CUT.item || tokens > pieceTokens / TINY_PARTS) return false;
  atoms[atoms.length - 1] = { ...last, end: atom.end, tokens };
  return true;
}

function wholeAtom(text: string, place: Omit<Atom, 'tokens'>): Atom {
  const { start, end } = place;
  return {
    ...place,
    tokens: Math.max(1, estimateTokens(text, start, end), (end - start) / MAX_TOKEN_LENGTH),
  };
}

/** Cuts at white space into pieces of about `pieceTokens`. */
function pushWords(atoms: Atom[], cutter: Cutter, long: Atom): void {
  const { text, limits } = cutter;
  const word = /\S+/g;
  let { start: from, cutCost } = long;
  let tokens = 0;
  word.lastIndex = from;
  for (let match = word.exec(text); match !== null && match.index < long.end; match = word.exec(text)) {
    const end = Math.min(word.lastIndex, long.end);
    const wordTokens = Math.max(
      estimateTokens(text, match.index, end),
      (end - from) / MAX_TOKEN_LENGTH - tokens,
    );
    if (tokens > 0 && tokens + wordTokens > limits.pieceTokens) {
      atoms.push(
        wholeAtom(text, { start: from, end: trimmedEnd(text, match.index), page: long.page, cutCost }),
      );
      from = match.index;
      cutCost = CUT.word;
      tokens = 0;
    }
    tokens += wordTokens;
    if (wordTokens <= limits.pieceTokens) continue;
    pushCharacters(atoms, cutter, { start: from, end, page: long.page, cutCost, tokens: wordTokens });
    from = end;
    cutCost = CUT.word;
    tokens = 0;
  }
  if (tokens > 0) atoms.push(wholeAtom(text, { start: from, end: long.end, page: long.page, cutCost }));
}

/** Cuts between characters: a character is at most one token. */
function pushCharacters(atoms: Atom[], { text, limits }: Cutter, long: Atom): void {
  let from = long.start + text.slice(long.start, long.end).search(/\S/);
  let cutCost = long.cutCost;
  while (from < long.end) {
    let end = Math.min(from + Math.max(2, limits.pieceTokens), long.end);
    const code = text.charCodeAt(end);
    if (end < long.end && code >= 0xdc00 && code < 0xe000) end--;
    const atom = wholeAtom(text, { start: from, end, page: long.page, cutCost });
    atoms.push({ ...atom, tokens: Math.max(atom.tokens, (end - from) * JOINED_TOKENS) });
    from = end;
    cutCost = CUT.character;
  }
}

function lineSpans(text: string, { start, end }: Span): Span[] {
  const spans: Span[] = [];
  for (let from = start; from < end;) {
    const newline = text.indexOf('\n', from);
    const lineEnd = newline < 0 || newline > end ? end : newline;
    const last = trimmedEnd(text, lineEnd, from);
    if (last > from) spans.push({ start: from, end: last });
    from = lineEnd + 1;
  }
  return spans;
}

function trimmedEnd(text: string, end: number, start = 0): number {
  let last = end;
  while (last > start && text.charAt(last - 1).trim() === '') last--;
  return last;
}

/** The end of the run of list items that starts at `at`, or `at + 1`. */
function listRun(blocks: readonly Block[], at: number): number {
  let next = at + 1;
  if (blocks[at]?.kind === 'list_item') while (blocks[next]?.kind === 'list_item') next++;
  return next;
}

function introduces(text: string, before: Block, after: Block): boolean {
  if (before.kind !== 'paragraph' || after.kind === 'paragraph') return false;
  return /[:：]$/.test(text.slice(before.end - 1, before.end));
}
