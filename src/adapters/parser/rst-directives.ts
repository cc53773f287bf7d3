import type { BlockWriter } from './block-writer.ts';
import { rstInline } from './rst-inline.ts';
import { dedented, indentOf, type RstLines } from './rst-lines.ts';
import { listTableRows } from './rst-tables.ts';

const CODE = new Set(
  words(
    'code code-block sourcecode parsed-literal math doctest testcode testoutput prompt ipython productionlist',
  ),
);
const DROPPED = new Set(
  words(
    'toctree index raw include literalinclude meta contents highlight currentmodule module py:module py:currentmodule ' +
      'default-role role tabularcolumns sectnum target-notes sectionauthor codeauthor automodule autoclass autofunction ' +
      'autosummary image graphviz plot header footer title date class cssclass container-class',
  ),
);
const OPTION = /^\s*:[\w-]+:(?:\s|$)/;

/**
 * Reads a construct that starts with `..`: a directive, target, footnote or comment. Code and tables become
 * blocks; of other directives the argument becomes a paragraph and the body is left to the caller as ordinary
 * text; targets, substitutions, comments and directives without text of their own are dropped.
 */
export function readExplicitMarkup(lines: RstLines, writer: BlockWriter): void {
  const line = lines.line();
  const indent = indentOf(line);
  const directive = /^\s*\.\.\s+([A-Za-z][\w:+.-]*?)::(?:\s+(.*))?$/.exec(line);
  const footnote = /^\s*\.\.\s+\[([^\]]{1,80})\]\s+(.*)$/.exec(line);
  lines.take();
  if (directive?.[1] !== undefined) {
    readDirective(lines, writer, { name: directive[1].toLowerCase(), argument: directive[2] ?? '', indent });
  } else if (footnote !== null) {
    const rest = lines.takeIndented(indent).map((next) => next.trim());
    writer.add('paragraph', rstInline(`[${footnote[1] ?? ''}] ${[footnote[2], ...rest].join(' ')}`));
  } else lines.takeIndented(indent);
}

interface Directive {
  readonly name: string;
  readonly argument: string;
  readonly indent: number;
}

function readDirective(lines: RstLines, writer: BlockWriter, { name, argument, indent }: Directive): void {
  if (DROPPED.has(name)) {
    lines.takeIndented(indent);
    return;
  }
  const isDirectiveLine = (line: string) => line !== '' && indentOf(line) > indent;
  const options = lines.takeWhile((line) => isDirectiveLine(line) && OPTION.test(line));
  if (CODE.has(name)) {
    lines.skipBlank();
    const argumentLine = name === 'math' || name === 'parsed-literal' ? [argument, ''] : [];
    writer.add('code', [...argumentLine, dedented(lines.takeIndented(indent))].join('\n'));
  } else if (name === 'list-table' || name === 'csv-table') {
    writer.add('paragraph', rstInline(argument));
    const rows = [...headerRow(options), ...lines.takeIndented(indent).filter((line) => line !== '')];
    writer.add('table', name === 'list-table' ? listTableRows(rows) : rows.map(csvRow).join('\n'));
  } else if (name !== 'figure') {
    const rest = lines.takeWhile((line) => isDirectiveLine(line) && argument !== '');
    writer.add('paragraph', rstInline([argument, ...rest.map((line) => line.trim())].join(' ')));
  }
}

function headerRow(options: readonly string[]): string[] {
  const header = options.find((line) => line.trimStart().startsWith(':header:'));
  return header === undefined ? [] : [header.replace(/^\s*:header:\s*/, '')];
}

function csvRow(line: string): string {
  const cells = line.match(/"(?:[^"]|"")*"|[^,]+/g) ?? [];
  return cells.map((cell) => rstInline(cell.trim().replace(/^"|"$/g, ''))).join(' | ');
}

function words(list: string): string[] {
  return list.split(' ');
}
