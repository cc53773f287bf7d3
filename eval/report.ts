import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** When, where and on what a measurement was made: stands above every table. */
export function provenance(): string {
  const [cpu] = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `Measured on ${new Date().toISOString().slice(0, 10)} at commit ${commit()}, on ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${gibibytes} GiB, Node ${process.versions.node}.`;
}

/** For a row that has a day of its own: `2026-11-25 670348d`. */
export function dayAndCommit(): string {
  return `${new Date().toISOString().slice(0, 10)} ${commit()}`;
}

function commit(): string {
  try {
    const hash = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
    const isChanged =
      execFileSync('git', ['status', '--porcelain', '--', 'src', 'model', 'eval', 'bench', 'load'], {
        encoding: 'utf8',
      }).trim() !== '';
    return isChanged ? `${hash} with changes` : hash;
  } catch {
    return 'unknown';
  }
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** A part of a page: from the line `start` to the line `end`, or to the end of the page. */
export interface GeneratedPart {
  readonly start: string;
  readonly end?: string;
}

/** Replaces a generated part of a page; the rest is written by hand or by another command. */
export function writeGenerated(page: URL, { start, end }: GeneratedPart, body: string): void {
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(start);
  const to = end === undefined ? text.length : text.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`${page.pathname} lacks the marker ${from < 0 ? start : end}`);
  const rest = text.slice(to);
  writeFileSync(
    page,
    `${text.slice(0, from + start.length)}\n\n${body.trim()}\n${rest === '' ? '' : `\n${rest}`}`,
  );
}

export const four = (value: number): string => value.toFixed(4);

export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
