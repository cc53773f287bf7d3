import type { Parser, ParserInput, ParseResult } from '../../core/documents/parser.ts';
import { HoldfastError } from '../../core/errors.ts';
import { BlockWriter } from './block-writer.ts';
import { isJsonObject, isRecord, parseRecords } from './records.ts';
import { singleDocument } from './single-document.ts';

const LIST_FIELDS = ['documents', 'records', 'items', 'data'] as const;

/** A record, an array of records, an object with such an array, or any other JSON as one document of code. */
export const jsonParser: Parser = {
  format: 'json',
  extensions: ['json', 'geojson', 'webmanifest'],
  mediaTypes: ['application/json', 'application/ld+json'],
  parse({ text, name }) {
    const value = parseJson(text, name);
    const list = recordList(value);
    if (list !== null) return parseRecords(list.map((item, at) => ({ value: item, index: at + 1 })));
    return codeDocument(value, { text, name });
  },
};

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('document_malformed', `${name} is not valid JSON: ${reason}`, { cause });
  }
}

/** The values that are meant as records, or null when the JSON is something else. */
function recordList(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value.some(isRecord) ? value : null;
  if (!isJsonObject(value)) return null;
  if (isRecord(value)) return [value];
  for (const field of LIST_FIELDS) {
    const list = value[field];
    if (Array.isArray(list) && list.some(isRecord)) return list;
  }
  return null;
}

function codeDocument(value: unknown, { text, name }: ParserInput): ParseResult {
  const writer = new BlockWriter();
  writer.add('code', prettyPrinted(value) ?? text);
  const document = {
    recordKey: null,
    title: null,
    uri: null,
    ...writer.finish(),
    metadata: {},
    language: null,
  };
  return singleDocument(document, name);
}

/** Null when the value is nested too deep for the printer. */
function prettyPrinted(value: unknown): string | null {
  try {
    return JSON.stringify(value, null, 2);
  } catch {
    return null;
  }
}
