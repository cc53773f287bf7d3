/** How a stretch that is no code (a comment, a string) begins and ends. */
export interface MaskRule {
  /** Source of a regular expression of bounded length. */
  readonly open: string;
  /**
   * Where the stretch ends: a text that closes it (empty: the opening was all of it), or the place itself.
   * Null: it was no opening after all.
   */
  readonly close: string | ((text: string, open: RegExpExecArray) => number | null);
  /** A backslash takes the next character away. */
  readonly escapes?: boolean;
  /** A stretch that ends with its line at the latest. */
  readonly isOneLine?: boolean;
  readonly isComment?: boolean;
}

export interface MaskedCode {
  /** Of the length of the text: every character of a comment or a string is a space, line ends stay. */
  readonly code: string;
  /** The comments one after another, cut at `COMMENT_CHARS`. */
  readonly comments: string;
}

/** Enough to tell the language that people write in. */
const COMMENT_CHARS = 4000;

/** Blanks out comments and strings, so that braces and keywords in them do not count. Linear in the text. */
export function maskCode(text: string, rules: readonly MaskRule[]): MaskedCode {
  const any = new RegExp(rules.map(({ open }) => `(?:${open})`).join('|'), 'gm');
  const openings = rules.map((rule) => ({ rule, pattern: new RegExp(rule.open, 'my') }));
  const parts: string[] = [];
  const comments: string[] = [];
  let commentChars = 0;
  let from = 0;
  for (let found = any.exec(text); found !== null; found = any.exec(text)) {
    const stretch = stretchAt(text, found.index, openings);
    any.lastIndex = Math.max(stretch?.end ?? 0, found.index + 1);
    if (stretch === null) continue;
    const masked = text.slice(found.index, stretch.end);
    parts.push(text.slice(from, found.index), masked.replaceAll(/[^\n]/g, ' '));
    from = stretch.end;
    if (stretch.isComment && commentChars < COMMENT_CHARS) {
      comments.push(masked.slice(0, COMMENT_CHARS));
      commentChars += masked.length;
    }
  }
  parts.push(text.slice(from));
  return { code: parts.join(''), comments: comments.join('\n') };
}

interface Opening {
  readonly rule: MaskRule;
  readonly pattern: RegExp;
}

function stretchAt(
  text: string,
  at: number,
  openings: readonly Opening[],
): { readonly end: number; readonly isComment: boolean } | null {
  for (const { rule, pattern } of openings) {
    pattern.lastIndex = at;
    const open = pattern.exec(text);
    if (open === null) continue;
    const end = endOf(text, open, rule);
    if (end !== null) return { end, isComment: rule.isComment ?? false };
  }
  return null;
}

function endOf(text: string, open: RegExpExecArray, rule: MaskRule): number | null {
  const from = open.index + open[0].length;
  if (typeof rule.close === 'function') return rule.close(text, open);
  if (rule.close === '') return from;
  if (rule.escapes === true || rule.isOneLine === true) return endOfString(text, from, rule);
  return after(text, rule.close, from);
}

/** The end of the text that closes a stretch, or of the whole text. */
export function after(text: string, close: string, from: number): number {
  const at = text.indexOf(close, from);
  return at < 0 ? text.length : at + close.length;
}

function endOfString(text: string, from: number, { close, escapes, isOneLine }: MaskRule): number {
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '\\' && escapes === true) at++;
    else if (character === '\n' && isOneLine === true) return at;
    else if (typeof close === 'string' && text.startsWith(close, at)) return at + close.length;
  }
  return text.length;
}
