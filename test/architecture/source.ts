/** A source file as the architecture test sees it. */
export interface Source {
  /** Specifiers of static, dynamic and type imports, re-exports and `new URL('./x.ts', import.meta.url)`. */
  readonly imports: readonly string[];
  /** The text with comments and the contents of strings, templates and regular expressions blanked out. */
  readonly code: string;
}

const IMPORTS = [
  /\b(?:import|export)\b[\s\w$*{},]*?\bfrom\s*(['"])/g,
  /\bimport\s*(['"])/g,
  /\bimport\s*\(\s*(['"`])/g,
];
const URLS = /\bnew URL\(\s*(['"])(?=[^'"]*['"],\s*import\.meta)/g;

/** Reads imports without a parser: enough for code that a formatter and a compiler have accepted. */
export function readSource(text: string): Source {
  const code = blank(text);
  const specifiers = (pattern: RegExp): readonly string[] =>
    [...code.matchAll(pattern)]
      .map((match) => match.index + match[0].length)
      .map((start) => text.slice(start, code.indexOf(code[start - 1] ?? '', start)));
  const urls = specifiers(URLS).filter((url) => url.endsWith('.ts'));
  const relative = urls.map((url) => (url.startsWith('.') ? url : `./${url}`));
  return { imports: [...IMPORTS.flatMap(specifiers), ...relative], code };
}

/** Same length, same line breaks; quotes stay, what stands between them becomes spaces. */
function blank(text: string): string {
  let code = '';
  while (code.length < text.length) {
    const start = code.length;
    const [end, keep] = token(text, start, code);
    const piece = text.slice(start, end);
    code += keep > piece.length ? piece : hide(piece, keep);
  }
  return code;
}

/** End of the token at `start`, and how many characters of each end stay visible (Infinity: all). */
function token(text: string, start: number, before: string): readonly [end: number, keep: number] {
  const first = text[start] ?? '';
  const pair = text.slice(start, start + 2);
  if (pair === '//') return [endOf(text, '\n', start), 0];
  if (pair === '/*') return [endOf(text, '*/', start + 2) + 2, 0];
  if (first === "'" || first === '"') return [closing(text, start, first), 1];
  if (first === '`') return [closingTemplate(text, start), 1];
  if (first === '/' && startsRegExp(before)) return [closingRegExp(text, start), 0];
  return [start + 1, Infinity];
}

function hide(piece: string, keep: number): string {
  const middle = piece.slice(keep, piece.length - keep).replace(/[^\n]/g, ' ');
  return piece.slice(0, keep) + middle + (keep === 0 ? '' : piece.slice(-keep));
}

function endOf(text: string, mark: string, from: number): number {
  const index = text.indexOf(mark, from);
  return index < 0 ? text.length : index;
}

function closing(text: string, start: number, quote: string): number {
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Expressions inside a template are hidden too, with any braces and templates in them. */
function closingTemplate(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '`') {
    if (text[at] === '\\') at += 2;
    else if (text.startsWith('${', at)) at = closingBrace(text, at + 2);
    else at += 1;
  }
  return at + 1;
}

function closingBrace(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '}') {
    const character = text[at] ?? '';
    if (character === '{') at = closingBrace(text, at + 1);
    else if (character === '`') at = closingTemplate(text, at);
    else if (character === "'" || character === '"') at = closing(text, at, character);
    else at += 1;
  }
  return at + 1;
}

function startsRegExp(before: string): boolean {
  const code = before.trimEnd();
  return code === '' || /[(,=:[!&|?{};+*%~^<>-]$|\b(?:return|typeof|case|in|of|await|yield)$/.test(code);
}

function closingRegExp(text: string, start: number): number {
  let isInClass = false;
  let at = start + 1;
  for (; at < text.length && (isInClass || text[at] !== '/'); at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '[') isInClass = true;
    else if (text[at] === ']') isInClass = false;
  }
  return at + 1;
}
