/** Attributes of components that readers see as text. */
const TEXT_ATTRIBUTE =
  /\s(?:title|label|summary|question|heading)\s*=\s*(?:"([^"]*)"|'([^']*)'|\{\s*["'`]([^"'`]*)["'`]\s*\})/;
/** HTML that Markdown understands; every other lower-case tag is dropped. */
const KEPT_TAGS = new Set([
  'table',
  'thead',
  'tbody',
  'tr',
  'td',
  'th',
  'caption',
  'br',
  'pre',
  'details',
  'summary',
]);
const MAX_TAG = 20_000;
const TAG_NAME = /<\/?([A-Za-z][\w.:-]*)?/y;
const STRING_EXPRESSION = /\{\s*(?:"([^"\n]*)"|'([^'\n]*)'|`([^`$\n]*)`)\s*\}/y;
const MARKUP = /[`<{]/g;

/** MDX prose as Markdown: comments and tags dropped, string expressions as their text, titles of components kept. */
export function withoutJsx(source: string): string {
  const parts: string[] = [];
  let from = 0;
  let untilPlain = 0;
  MARKUP.lastIndex = 0;
  for (let match = MARKUP.exec(source); match !== null; match = MARKUP.exec(source)) {
    const at = match.index;
    const found = at < untilPlain ? null : replacementAt(source, at);
    if (found === 'unclosed') untilPlain = at + MAX_TAG;
    if (found === null || found === 'unclosed') continue;
    parts.push(source.slice(from, at), found.text);
    from = found.end;
    MARKUP.lastIndex = from;
  }
  parts.push(source.slice(from));
  return parts.join('');
}

interface Replacement {
  readonly text: string;
  readonly end: number;
}

function replacementAt(source: string, at: number): Replacement | 'unclosed' | null {
  const character = source.charAt(at);
  if (character === '`') return inlineCode(source, at);
  return character === '{' ? expression(source, at) : tag(source, at);
}

/** Code stays as it is: the same run of backticks closes it, in the same paragraph. */
function inlineCode(source: string, at: number): Replacement | null {
  let runEnd = at;
  while (source.charAt(runEnd) === '`') runEnd++;
  const run = source.slice(at, runEnd);
  const close = source.slice(runEnd, runEnd + 2000).search(new RegExp(`(?<!\`)${run}(?!\`)|\\n\\s*\\n`));
  const isClosed = close >= 0 && source.startsWith(run, runEnd + close);
  const end = isClosed ? runEnd + close + run.length : runEnd;
  return { text: source.slice(at, end), end };
}

function expression(source: string, at: number): Replacement | 'unclosed' | null {
  if (source.startsWith('{/*', at)) {
    const close = source.indexOf('*/', at);
    const brace = close < 0 ? -1 : source.indexOf('}', close);
    return brace < 0 ? 'unclosed' : { text: '', end: brace + 1 };
  }
  STRING_EXPRESSION.lastIndex = at;
  const string = STRING_EXPRESSION.exec(source);
  if (string === null) return null;
  return { text: string[1] ?? string[2] ?? string[3] ?? '', end: STRING_EXPRESSION.lastIndex };
}

function tag(source: string, at: number): Replacement | 'unclosed' | null {
  TAG_NAME.lastIndex = at;
  const name = TAG_NAME.exec(source)?.[1] ?? '';
  const isClosing = source.charAt(at + 1) === '/';
  const afterName = source.charAt(at + (isClosing ? 2 : 1) + name.length);
  if (name === '' && afterName !== '>') return null;
  if (/^[a-z][\w+.-]*:/.test(name) || afterName === '@') return null;
  const end = tagEnd(source, at);
  if (end < 0) return 'unclosed';
  if (KEPT_TAGS.has(name)) return { text: `<${isClosing ? '/' : ''}${name}>`, end };
  const hasTitle = !isClosing && name !== name.toLowerCase();
  return { text: hasTitle ? titleOf(source.slice(at, end)) : '', end };
}

function titleOf(openingTag: string): string {
  const [, double, single, braced] = TEXT_ATTRIBUTE.exec(openingTag) ?? [];
  const title = double ?? single ?? braced;
  return title === undefined ? '' : `\n\n${title}\n\n`;
}

/** After the `>` of a tag; quotes and braces may hold others. -1 when it does not close soon. */
function tagEnd(source: string, start: number): number {
  const limit = Math.min(source.length, start + MAX_TAG);
  let depth = 0;
  let quote = '';
  for (let at = start + 1; at < limit; at++) {
    const character = source.charAt(at);
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'" || (character === '`' && depth > 0)) quote = character;
    else if (character === '{') depth++;
    else if (character === '}') depth--;
    else if (character === '>' && depth <= 0) return at + 1;
  }
  return -1;
}
