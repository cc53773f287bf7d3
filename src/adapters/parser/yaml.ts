import { parseAllDocuments } from 'yaml';
import type { Block } from '../../core/documents/document.ts';
import type { Parser, ParseResult } from '../../core/documents/parser.ts';
import { isJsonObject, isRecord, parseRecords } from './records.ts';
import { singleDocument } from './single-document.ts';
import { paragraphs } from './text.ts';

/** Aliases may make a value so many times larger. */
const MAX_ALIASES = 100;
/** Larger files are configuration or data, not records. */
const MAX_RECORD_CHARS = 4_000_000;
const RECORD_FIELD = /^(?:[ \t]*-)?[ \t]*(?:text|content|body)[ \t]*:/m;
const TOP_KEY = /^(?:"[^"\n]{1,200}"|'[^'\n]{1,200}'|[^\s#&*!|>'"%@`{[\]},:-][^\n:]{0,200}?)[ \t]*:(?=\s|$)/;

/** Records as in JSON; any other YAML stays as it is written, with its top-level keys as sections. */
export const yamlParser: Parser = {
  format: 'yaml',
  extensions: ['yaml', 'yml'],
  mediaTypes: ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'],
  parse: ({ text, name }) =>
    recordsOf(text) ?? singleDocument({ ...EMPTY, text, blocks: sections(text) }, name),
};

const EMPTY = { recordKey: null, title: null, uri: null, metadata: {}, language: 'en' } as const;

/** Null when the file is no list of records, or no YAML at all: templates of YAML are text as well. */
function recordsOf(text: string): ParseResult | null {
  if (text.length > MAX_RECORD_CHARS || !RECORD_FIELD.test(text)) return null;
  const values = yamlValues(text)?.flatMap((value) => (Array.isArray(value) ? value : [value])) ?? [];
  if (!values.some(isRecord) || !values.every(isJsonObject)) return null;
  return parseRecords(values.map((value, at) => ({ value, index: at + 1 })));
}

function yamlValues(text: string): readonly unknown[] | null {
  try {
    const documents = parseAllDocuments(text, { logLevel: 'silent' });
    if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return null;
    return documents.map((document) => document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown);
  } catch {
    // Too many aliases, or nested too deep: then it is text.
    return null;
  }
}

function sections(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const starts = topKeys(text);
  const first = starts[0]?.start ?? text.length;
  push(blocks, text, { start: 0, end: first });
  for (const [at, { label, start }] of starts.entries()) {
    blocks.push({ kind: 'heading', level: 1, start, end: start, label });
    push(blocks, text, { start, end: starts[at + 1]?.start ?? text.length });
  }
  return blocks;
}

function topKeys(text: string): { readonly label: string; readonly start: number }[] {
  const keys: { label: string; start: number }[] = [];
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf('\n', from);
    const end = newline < 0 ? text.length : newline;
    const label = TOP_KEY.exec(text.slice(from, Math.min(end, from + 300)))?.[0];
    if (label !== undefined)
      keys.push({ label: label.replace(/[ \t]*:$/, '').replaceAll(/^["']|["']$/g, ''), start: from });
    from = end + 1;
  }
  return keys;
}

function push(
  blocks: Block[],
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  for (const span of paragraphs(text, start, end)) blocks.push({ kind: 'code', level: 0, ...span });
}
