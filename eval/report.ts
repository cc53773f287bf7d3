import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** When, where and on what a measurement was made: stands above every table. */
export function provenance(): string {
  const [cpu] = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `Measured on ${new Date().toISOString().slice(0, 10)} at commit ${commit()}, on ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${gibibytes} GiB, Node ${process.versions.node}.`;
}

function commit(): string {
  try {
    const hash = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
    const isChanged =
      execFileSync('git', ['status', '--porcelain', '--', 'src', 'model', 'eval', 'bench'], {
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

/** Replaces what stands below the generated marker of a page; the text above it is written by hand. */
export function writeGenerated(page: URL, marker: string, body: string): void {
  const text = readFileSync(page, 'utf8');
  const at = text.indexOf(marker);
  if (at < 0) throw new Error(`${page.pathname} lacks the marker ${marker}`);
  writeFileSync(page, `${text.slice(0, at + marker.length)}\n\n${body.trim()}\n`);
}
