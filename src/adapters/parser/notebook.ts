import type { Block, Metadata, ParsedDocument } from '../../core/documents/document.ts';
import type { Parser } from '../../core/documents/parser.ts';
import { HoldfastError } from '../../core/errors.ts';
import { normaliseText } from './decode.ts';
import { joinTexts } from './join-texts.ts';
import { parseMarkdown } from './markdown.ts';
import { isJsonObject, type JsonObject } from './records.ts';
import { singleDocument } from './single-document.ts';

/** More of an output is data, not words. */
const OUTPUT_CHARS = 2000;
/** Colours of a terminal. */
const ANSI = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]{0,20}[A-Za-z]`, 'g');

/** A Jupyter notebook: its prose, code and what the code wrote as text, in order. */
export const notebookParser: Parser = {
  format: 'notebook',
  extensions: ['ipynb'],
  mediaTypes: ['application/x-ipynb+json'],
  parse({ text, name }) {
    const notebook = parseNotebook(text, name);
    const cells = notebook.cells.filter(isJsonObject);
    const pages = cells.flatMap(cellDocuments);
    const title = pages.find((page) => page.title !== null)?.title ?? null;
    const document = {
      recordKey: null,
      title,
      uri: null,
      ...joinTexts(pages),
      metadata: notebook.metadata,
      language: null,
    };
    return singleDocument(document, name);
  },
};

type Part = Pick<ParsedDocument, 'text' | 'blocks' | 'title'>;

function parseNotebook(
  text: string,
  name: string,
): { readonly cells: readonly unknown[]; readonly metadata: Metadata } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('document_malformed', `${name} is not valid JSON: ${reason}`, { cause });
  }
  const cells = isJsonObject(value) ? cellsOf(value) : null;
  if (cells === null || !isJsonObject(value))
    throw new HoldfastError('document_malformed', `${name} is no Jupyter notebook: it has no list "cells"`);
  const language =
    field(field(value['metadata'], 'kernelspec'), 'language') ??
    field(field(value['metadata'], 'language_info'), 'name');
  return { cells, metadata: typeof language === 'string' ? { kernel_language: language } : {} };
}

/** Format 4 has cells at the top, format 3 on worksheets. */
function cellsOf(notebook: JsonObject): readonly unknown[] | null {
  if (Array.isArray(notebook['cells'])) return notebook['cells'];
  const sheets = notebook['worksheets'];
  if (!Array.isArray(sheets)) return null;
  return sheets.flatMap((sheet) =>
    isJsonObject(sheet) && Array.isArray(sheet['cells']) ? sheet['cells'] : [],
  );
}

function field(value: unknown, name: string): unknown {
  return isJsonObject(value) ? value[name] : undefined;
}

function cellDocuments(cell: JsonObject): readonly Part[] {
  const source = textOf(cell['source'] ?? cell['input']);
  if (cell['cell_type'] === 'markdown' || cell['cell_type'] === 'heading') {
    const level = typeof cell['level'] === 'number' ? Math.min(6, Math.max(1, cell['level'])) : 0;
    return [parseMarkdown(level > 0 ? `${'#'.repeat(level)} ${source}` : source)];
  }
  if (cell['cell_type'] !== 'code') return [plain(source)];
  const outputs = Array.isArray(cell['outputs']) ? cell['outputs'] : [];
  return [plain(source), ...outputs.map((output) => plain(outputText(output)))];
}

function outputText(output: unknown): string {
  if (!isJsonObject(output)) return '';
  const plainText = field(output['data'], 'text/plain') ?? output['text'];
  const failure =
    typeof output['ename'] === 'string' ? `${output['ename']}: ${textOf(output['evalue'])}` : '';
  const text =
    output['output_type'] === 'error' || output['output_type'] === 'pyerr' ? failure : textOf(plainText);
  return text.replaceAll(ANSI, '').slice(0, OUTPUT_CHARS).toWellFormed();
}

/** A multi-line string of the format: a list of lines, or one text. */
function textOf(value: unknown): string {
  const text = Array.isArray(value) ? value.filter((line) => typeof line === 'string').join('') : value;
  return typeof text === 'string' ? normaliseText(text) : '';
}

function plain(source: string): Part {
  const text = source.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd();
  const blocks: readonly Block[] =
    text === '' ? [] : [{ kind: 'code', level: 0, start: 0, end: text.length }];
  return { text, blocks, title: null };
}
