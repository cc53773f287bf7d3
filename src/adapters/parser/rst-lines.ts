/** The lines of a document with a cursor. */
export class RstLines {
  readonly #lines: readonly string[];
  at = 0;

  constructor(text: string) {
    this.#lines = text.split('\n').map((line) => line.replaceAll('\t', '        ').trimEnd());
  }

  get isAtEnd(): boolean {
    return this.at >= this.#lines.length;
  }

  /** The line at an offset from the cursor; an empty one outside of the document. */
  line(offset = 0): string {
    return this.#lines[this.at + offset] ?? '';
  }

  take(): string {
    return this.#lines[this.at++] ?? '';
  }

  /** Takes lines while they fit. */
  takeWhile(fits: (line: string) => boolean): string[] {
    const start = this.at;
    while (!this.isAtEnd && fits(this.line())) this.at++;
    return this.#lines.slice(start, this.at);
  }

  skipBlank(): void {
    while (!this.isAtEnd && this.line() === '') this.at++;
  }

  /** Takes the lines that are indented deeper than `indent`, blank lines between them included. */
  takeIndented(indent: number): string[] {
    const lines = this.takeWhile((line) => line === '' || indentOf(line) > indent);
    const end = lines.findLastIndex((line) => line !== '') + 1;
    this.at -= lines.length - end;
    return lines.slice(0, end);
  }
}

export function indentOf(line: string): number {
  const indent = line.search(/\S/);
  return Math.max(0, indent);
}

/** Without the indentation that all lines share. */
export function dedented(lines: readonly string[]): string {
  const indent = lines.reduce(
    (least, line) => (line === '' ? least : Math.min(least, indentOf(line))),
    Infinity,
  );
  return lines.map((line) => line.slice(Number.isFinite(indent) ? indent : 0)).join('\n');
}
