import { after, type MaskRule } from './mask.ts';

const comment = (open: string, close = '\n'): MaskRule => ({
  open,
  close: close === '\n' ? (text, found) => endOfLine(text, found.index) : close,
  isComment: true,
});

const SLASHES = comment('//');
const BLOCK = comment(String.raw`/\*`, '*/');
const DOUBLE: MaskRule = { open: '"', close: '"', escapes: true, isOneLine: true };
const SINGLE: MaskRule = { open: "'", close: "'", escapes: true, isOneLine: true };
/** A character, so that the quote of a lifetime or a label opens nothing. */
const CHARACTER: MaskRule = { open: String.raw`'(?:\\[^\n']{1,10}|\\'|[^'\\\n]{1,2})'`, close: '' };
const TRIPLE: MaskRule = { open: '"""', close: '"""', escapes: true };
const C_LIKE = [SLASHES, BLOCK] as const;

/** A heredoc ends with a line that holds its tag alone. */
const heredoc = (open: string): MaskRule => ({
  open,
  close: (text, found) => {
    const tag = found.groups?.['tag'];
    if (tag === undefined) return null;
    const last = new RegExp(`^[ \\t]*${tag}\\b`, 'gm');
    last.lastIndex = found.index + found[0].length;
    return last.exec(text) === null ? text.length : last.lastIndex;
  },
});

/** A directive of the preprocessor; of `#if ... #else ... #endif` the first branch counts, so that braces balance. */
const DIRECTIVE: MaskRule = {
  open: String.raw`^[ \t]*#[ \t]*\w+`,
  close: (text, found) => {
    if (!/#[ \t]*(?:else|elif)/.test(found[0])) return endOfLogicalLine(text, found.index);
    const next = /^[ \t]*#[ \t]*(if\w*|endif)\b/gm;
    next.lastIndex = found.index + found[0].length;
    for (let depth = 1; ;) {
      const directive = next.exec(text);
      if (directive === null) return text.length;
      depth += directive[1] === 'endif' ? -1 : 1;
      if (depth === 0) return next.lastIndex;
    }
  },
};

const REGEX_BODY = String.raw`(?:\\.|\[(?:\\.|[^\]\\\n]){0,200}\]|[^/\\\n[])`;
const JS_REGEX: MaskRule = {
  open: String.raw`(?<=(?:^|[(,=:[!&|?{};+>]|\b(?:return|typeof|case|in|of))[ \t]{0,20})/(?![*/])${REGEX_BODY}{1,500}/`,
  close: '',
};

/** Comments and strings by language. The order matters: the first rule that opens at a place wins. */
export const LEXIS = {
  javascript: [...C_LIKE, JS_REGEX, DOUBLE, SINGLE, { open: '`', close: '`', escapes: true }],
  python: [
    { open: `"""`, close: '"""', escapes: true },
    { open: `'''`, close: "'''", escapes: true },
    comment('#'),
    DOUBLE,
    SINGLE,
  ],
  java: [...C_LIKE, TRIPLE, DOUBLE, CHARACTER],
  c: [
    ...C_LIKE,
    DIRECTIVE,
    { open: String.raw`\bR"(?<tag>[^()\\\s"]{0,16})\(`, close: rawEnd((tag) => `)${tag}"`) },
    DOUBLE,
    CHARACTER,
  ],
  csharp: [
    ...C_LIKE,
    DIRECTIVE,
    { open: '"""', close: '"""' },
    { open: String.raw`(?:@\$|\$@|@)"`, close: verbatimEnd },
    DOUBLE,
    CHARACTER,
  ],
  go: [...C_LIKE, { open: '`', close: '`' }, DOUBLE, CHARACTER],
  rust: [
    ...C_LIKE,
    { open: String.raw`\bb?r(?<tag>#{0,16})"`, close: rawEnd((tag) => `"${tag}`) },
    { open: '"', close: '"', escapes: true },
    CHARACTER,
  ],
  php: [
    { open: String.raw`\?>`, close: (text, found) => endOfHtml(text, found.index) },
    comment(String.raw`#(?!\[)`),
    ...C_LIKE,
    heredoc(String.raw`<<<[ \t]*["']?(?<tag>[A-Za-z_]\w{0,60})["']?`),
    { open: '"', close: '"', escapes: true },
    { open: "'", close: "'", escapes: true },
  ],
  ruby: [
    comment(String.raw`^=begin\b`, '\n=end'),
    comment(String.raw`#(?!\{)`),
    heredoc(String.raw`<<[~-]["'\x60]?(?<tag>[A-Z_]\w{0,60})["'\x60]?`),
    DOUBLE,
    SINGLE,
  ],
  swift: [...C_LIKE, { open: '#{0,3}"""', close: '"""', escapes: true }, DOUBLE],
  kotlin: [...C_LIKE, { open: '"""', close: '"""' }, DOUBLE, CHARACTER],
  shell: [
    comment(String.raw`(?<![^\s;(])#`),
    heredoc(String.raw`<<-?[ \t]*["'\\]?(?<tag>[A-Za-z_]\w{0,60})["']?`),
    { open: String.raw`\\[^\n]`, close: '' },
    { open: '"', close: '"', escapes: true },
    { open: "'", close: "'" },
  ],
  sql: [
    comment('--'),
    BLOCK,
    { open: String.raw`\$(?<tag>\w{0,60})\$`, close: rawEnd((tag) => `$${tag}$`) },
    { open: "'", close: "'" },
  ],
} satisfies Record<string, readonly MaskRule[]>;

function rawEnd(closing: (tag: string) => string): (text: string, open: RegExpExecArray) => number {
  return (text, open) => after(text, closing(open.groups?.['tag'] ?? ''), open.index + open[0].length);
}

/** `@"..."` of C#, where a quote is written twice. */
function verbatimEnd(text: string, open: RegExpExecArray): number {
  let at = after(text, '"', open.index + open[0].length);
  while (text[at] === '"') at = after(text, '"', at + 1);
  return at;
}

/** The end of the HTML around PHP. */
export function endOfHtml(text: string, from: number): number {
  const open = /<\?(?:php\b|=)/gi;
  open.lastIndex = from;
  return open.exec(text) === null ? text.length : open.lastIndex;
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}

function endOfLogicalLine(text: string, from: number): number {
  let at = endOfLine(text, from);
  while (at < text.length && text[at - 1] === '\\') at = endOfLine(text, at + 1);
  return at;
}
