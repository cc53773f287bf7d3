/** A fenced block of a Markdown file. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** From 1. */
  readonly line: number;
}

/** What the tests want to know of a Markdown file. */
export interface MarkdownFile {
  /** Targets of links and images as written. */
  readonly links: readonly string[];
  /** Anchors of headings as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
  readonly blocks: readonly CodeBlock[];
  /** Rows of tables: trimmed cells; head and ruler rows included. */
  readonly rows: readonly (readonly string[])[];
  /** Text and inline code without fenced blocks. */
  readonly prose: string;
}

/** Reads the few parts of Markdown that our own files use. */
export function readMarkdown(text: string): MarkdownFile {
  const blocks: CodeBlock[] = [];
  const lines: string[] = [];
  let open: { language: string; line: number; code: string[] } | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```(\S*)/.exec(line);
    if (fence !== null && open === null) open = { language: fence[1] ?? '', line: index + 1, code: [] };
    else if (fence !== null && open !== null) {
      blocks.push({ language: open.language, line: open.line, code: open.code.join('\n') });
      open = null;
    } else if (open !== null) open.code.push(line);
    else lines.push(line);
  }
  const prose = lines.join('\n');
  return { links: linksOf(prose), anchors: anchorsOf(lines), blocks, rows: rowsOf(lines), prose };
}

function linksOf(prose: string): readonly string[] {
  const plain = prose.replace(/`[^`\n]*`/g, '');
  return [...plain.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map((match) => match[1] ?? '');
}

function anchorsOf(lines: readonly string[]): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of lines) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = slugOf(heading);
    let anchor = slug;
    for (let copy = 1; anchors.has(anchor); copy += 1) anchor = `${slug}-${copy}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The anchor that GitHub gives a heading. */
function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

function rowsOf(lines: readonly string[]): readonly (readonly string[])[] {
  return lines
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}
