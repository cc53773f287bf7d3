import type { CodeGrammar, DefinitionRule } from './grammar.ts';
import { MAX_CONTAINER_DEPTH, type Definition } from './definition.ts';

/** What stands before a brace is looked at up to this length. */
const HEAD_CHARS = 1000;
/** A body goes on behind a closing brace: a type `{ ... }` or an initializer `a{1}` stood before it. */
const BODY_GOES_ON = /[ \t>[\]|&)]{0,20}(?:,\s{0,20}[\w:]{1,80})?[ \t]{0,20}\{/y;
const REST_OF_LINE = /[ \t;,)]{0,20}(?=\n|$(?![^]))/y;
/** `typedef struct { ... } name;` */
const NAME_BEHIND = /[ \t*]{0,20}(\w{1,200})[^;\n]{0,40};/y;

interface Frame {
  readonly kind: 'root' | 'container' | 'leaf' | 'other';
  readonly name: string;
  readonly start: number;
  readonly members: Definition[];
  /** Parentheses that were open outside of it. */
  readonly parentheses: number;
  /** Where the head began that its brace closed. */
  readonly headStart: number;
}

/** Follows braces, and names a block by what stands before it. */
export function braceDefinitions(code: string, grammar: CodeGrammar): readonly Definition[] {
  const scan = new BraceScan(code, grammar);
  const sign = /[{}();]/g;
  for (let found = sign.exec(code); found !== null; found = sign.exec(code)) {
    const next = scan.visit(found[0], found.index);
    if (next !== null) sign.lastIndex = next;
  }
  return scan.finish();
}

class BraceScan {
  readonly #code: string;
  readonly #grammar: CodeGrammar;
  readonly #frames: Frame[] = [];
  #top: Frame;
  #parentheses = 0;
  #headStart = 0;

  constructor(code: string, grammar: CodeGrammar) {
    this.#code = code;
    this.#grammar = grammar;
    this.#top = { kind: 'root', name: '', start: 0, members: [], parentheses: 0, headStart: 0 };
    this.#frames.push(this.#top);
  }

  /** Takes a brace, parenthesis or semicolon; gives the place to go on at when it is not the next one. */
  visit(sign: string, at: number): number | null {
    if (sign === '{') this.#open(at);
    else if (sign === '}') return this.#close(at);
    else if (sign === '(') this.#parentheses++;
    else if (sign === ')') this.#parentheses = Math.max(this.#top.parentheses, this.#parentheses - 1);
    else if (this.#parentheses === this.#top.parentheses) this.#headStart = at + 1;
    return null;
  }

  /** Everything that is still open ends with the text. */
  finish(): readonly Definition[] {
    while (this.#frames.length > 1) this.#pop(this.#code.length);
    return this.#frames[0]?.members ?? [];
  }

  #open(at: number): void {
    const isNamed = this.#top.kind === 'root' || this.#top.kind === 'container';
    const head =
      isNamed && this.#parentheses === this.#top.parentheses ? this.#head(at, this.#headStart) : null;
    const start = head?.start ?? at;
    const place = { start, members: [], parentheses: this.#parentheses, headStart: this.#headStart };
    this.#top = { kind: head?.kind ?? 'other', name: head?.name ?? '', ...place };
    this.#frames.push(this.#top);
    this.#headStart = at + 1;
  }

  #close(at: number): number | null {
    if (this.#frames.length === 1) {
      this.#headStart = at + 1;
      return null;
    }
    if (this.#top.kind === 'leaf') {
      const body = matchAt(BODY_GOES_ON, this.#code, at + 1);
      if (body !== null) return at + 1 + body[0].length;
    }
    this.#pop(at + 1);
    return null;
  }

  #pop(end: number): void {
    const frame = this.#frames.pop();
    const parent = this.#frames.at(-1);
    if (frame === undefined || parent === undefined) return;
    this.#top = parent;
    this.#parentheses = frame.parentheses;
    const isInParentheses = frame.parentheses > parent.parentheses;
    this.#headStart = isInParentheses ? frame.headStart : end;
    if (frame.kind === 'leaf' || frame.kind === 'container')
      parent.members.push(...definitionOf(this.#code, frame, end));
  }

  #head(at: number, from: number): { kind: 'container' | 'leaf'; name: string; start: number } | null {
    const start = Math.max(from, at - HEAD_CHARS);
    const raw = this.#code.slice(start, at);
    const { noise, rules } = this.#grammar;
    const text = noise === undefined ? raw : raw.replaceAll(noise, (found) => ' '.repeat(found.length));
    const found = bestMatch(text, rules, this.#top.kind === 'container');
    if (found === null) return null;
    const { rule, match } = found;
    const offset = rule.pattern.global ? match.index : 0;
    const indent = raw.slice(offset).search(/\S/);
    const isContainer = rule.isContainer === true && this.#frames.length <= MAX_CONTAINER_DEPTH;
    return {
      kind: isContainer ? 'container' : 'leaf',
      name: nameOf(match),
      start: start + offset + Math.max(0, indent),
    };
  }
}

/** The definition that a frame makes; none when it has neither name nor members. */
function definitionOf(code: string, { kind, name, start, members }: Frame, end: number): Definition[] {
  const behind = kind === 'leaf' && name === '' ? matchAt(NAME_BEHIND, code, end) : null;
  const rest = behind ?? matchAt(REST_OF_LINE, code, end);
  const given = behind?.[1] ?? name;
  return given === '' && members.length === 0
    ? []
    : [{ name: given, start, end: end + (rest?.[0].length ?? 0), members }];
}

interface Found {
  readonly rule: DefinitionRule;
  readonly match: RegExpExecArray;
}

/** The last match of the patterns of lines, else the first pattern that matches. */
function bestMatch(head: string, rules: readonly DefinitionRule[], isInContainer: boolean): Found | null {
  let best: Found | null = null;
  for (const rule of rules) {
    if (rule.isMember === true && !isInContainer) continue;
    const match = lastMatch(rule.pattern, head);
    if (match === null) continue;
    if (!rule.pattern.global) return { rule, match };
    if (best === null || match.index > best.match.index) best = { rule, match };
  }
  return best;
}

function lastMatch(pattern: RegExp, text: string): RegExpExecArray | null {
  if (!pattern.global) return pattern.exec(text);
  return [...text.matchAll(pattern)].at(-1) ?? null;
}

function nameOf({ groups }: RegExpExecArray): string {
  const name = (groups?.['name'] ?? '').replaceAll(/\s+/g, ' ').trim();
  const owner = groups?.['owner'];
  return owner === undefined ? name : `${owner}.${name}`;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
