/** A run of lines: a fenced code block, or everything between two of them. */
export interface MdxSegment {
  readonly isCode: boolean;
  readonly text: string;
}

const IMPORT = /^import\s+(?:type\s+)?(?:['"]|\{|[\w*$,{}\s]+\s+from\s+['"])/;
const EXPORT = /^export\s+(?:const|let|var|function|default|async|class|type|interface|\{|\*)/;
const FENCE = /^\s*(`{3,}|~{3,})/;
const OPEN_TAG = /^<([A-Za-z][\w.]*)\b/;
const VOID_TAGS = new Set(['br', 'hr', 'img', 'input', 'meta', 'link', 'source', 'col', 'wbr']);
/** A module statement that has not ended after so many lines was not one. */
const MAX_STATEMENT_LINES = 300;

/**
 * Cuts MDX into code and prose, drops `import` and `export` statements, and takes away the indentation that
 * lines have only because they stand inside of a component.
 */
export function mdxSegments(body: string): readonly MdxSegment[] {
  const lines = body.split('\n');
  const segments: MdxSegment[] = [];
  const nesting = new Nesting();
  let fence: string | null = null;
  let current: string[] = [];
  const close = (isCode: boolean) => {
    if (current.length > 0) segments.push({ isCode, text: current.join('\n') });
    current = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const mark = FENCE.exec(line)?.[1];
    if (fence === null && mark === undefined) {
      const end = statementEnd(lines, at);
      if (end > at) {
        current.push('');
        at = end - 1;
      } else current.push(nesting.dedent(line, true));
    } else if (fence === null && mark !== undefined) {
      close(false);
      fence = mark;
      current.push(nesting.dedent(line, false));
    } else {
      current.push(nesting.dedent(line, false));
      if (fence === null || mark?.startsWith(fence) !== true || line.trim() !== mark) continue;
      fence = null;
      close(true);
    }
  }
  close(fence !== null);
  return segments;
}

/** The line after a module statement that starts at `at`, or `at` itself when none does. */
function statementEnd(lines: readonly string[], at: number): number {
  const first = lines[at] ?? '';
  if (!IMPORT.test(first) && !EXPORT.test(first)) return at;
  const last = Math.min(lines.length, at + MAX_STATEMENT_LINES);
  let depth = 0;
  for (let next = at; next < last; next++) {
    const line = lines[next] ?? '';
    if (depth <= 0 && line.trim() === '') return next;
    depth += bracketBalance(line);
  }
  if (depth <= 0 && last === lines.length) return last;
  let blank = at + 1;
  while (blank < last && lines[blank]?.trim() !== '') blank++;
  return blank < last ? blank : at + 1;
}

function bracketBalance(line: string): number {
  return (line.match(/[{([]/g)?.length ?? 0) - (line.match(/[})\]]/g)?.length ?? 0);
}

/** The open components and how deep the lines directly in each are indented. */
class Nesting {
  readonly #indents: (number | null)[] = [];

  dedent(line: string, isProse: boolean): string {
    const text = line.trimStart();
    if (text === '') return '';
    const own = line.length - text.length;
    const isClosing = isProse && (text.startsWith('</') || text === '/>');
    if (isClosing) this.#indents.pop();
    const top = this.#indents.length - 1;
    if (top >= 0 && !isClosing) this.#indents[top] ??= own;
    const outer = isClosing ? own : Math.min(own, this.#indents[top] ?? 0);
    if (isProse && opensComponent(text)) this.#indents.push(null);
    return line.slice(outer);
  }
}

function opensComponent(text: string): boolean {
  const name = OPEN_TAG.exec(text)?.[1];
  if (name === undefined || VOID_TAGS.has(name)) return false;
  return !text.includes(`</${name}`) && !text.trimEnd().endsWith('/>');
}
