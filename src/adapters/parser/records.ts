import type { Metadata, MetadataScalar, ParsedDocument } from '../../core/documents/document.ts';
import type { ParseResult, RecordProblem } from '../../core/documents/parser.ts';
import { normaliseText } from './decode.ts';
import { flatMetadata, languageCode } from './front-matter.ts';
import { parseHtml } from './html.ts';
import { parseMarkdown } from './markdown.ts';
import { parseRst } from './rst.ts';
import { parseText } from './text.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** One value that should be a record, and its place for messages and as fallback key. */
export interface RecordPlace {
  readonly value: unknown;
  /** 1-based. */
  readonly index: number;
}

const TEXT_FIELDS = ['text', 'content', 'body'] as const;
const KEY_FIELDS = ['id', '_id'] as const;
const URI_FIELDS = ['uri', 'url'] as const;
const MAX_METADATA_DEPTH = 8;

/** The ways to read a record's text, by its `format` field. */
const TEXT_PARSERS = {
  markdown: parseMarkdown,
  html: parseHtml,
  rst: parseRst,
  text: (text: string) => ({ title: null, uri: null, language: null, metadata: {}, ...parseText(text) }),
} satisfies Record<string, (text: string) => Omit<ParsedDocument, 'recordKey'>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether an object has a text field. */
export function isRecord(value: unknown): boolean {
  return isJsonObject(value) && TEXT_FIELDS.some((field) => typeof value[field] === 'string');
}

/** Turns records into documents; a broken one becomes a problem and leaves the others alone. */
export function parseRecords(places: Iterable<RecordPlace>): ParseResult {
  const documents: ParsedDocument[] = [];
  const problems: RecordProblem[] = [];
  const seen = new Set<string>();
  for (const place of places) {
    const parsed = parseRecord(place);
    if ('code' in parsed) problems.push(parsed);
    else if (seen.has(parsed.recordKey)) {
      const reason = `record ${place.index}: the id ${JSON.stringify(parsed.recordKey)} occurs more than once`;
      problems.push({ recordKey: `${place.index}`, code: 'document_malformed', reason });
    } else {
      seen.add(parsed.recordKey);
      documents.push(parsed);
    }
  }
  return { documents, problems };
}

function parseRecord({
  value,
  index,
}: RecordPlace): (ParsedDocument & { recordKey: string }) | RecordProblem {
  if (!isJsonObject(value) || !isRecord(value)) {
    return problem(
      `${index}`,
      `record ${index} is not an object with a string in "text", "content" or "body"`,
    );
  }
  const textField = TEXT_FIELDS.find((field) => typeof value[field] === 'string') ?? 'text';
  const recordKey = keyOf(value) ?? `${index}`;
  const format = value['format'] ?? 'text';
  if (!isTextFormat(format)) {
    const known = Object.keys(TEXT_PARSERS).join(', ');
    return problem(recordKey, `record ${index}: the format ${JSON.stringify(format)} is none of ${known}`);
  }
  const given = stringField(value, ['title']);
  // A record with nothing but a title is a document that says its title.
  const inner = TEXT_PARSERS[format](
    stringField(value, [textField]) === null ? (given ?? '') : normaliseText(String(value[textField])),
  );
  if (inner.blocks.length === 0) {
    return {
      recordKey,
      code: 'document_empty',
      reason: `record ${index} has no text in ${JSON.stringify(textField)}`,
    };
  }
  const title = given ?? inner.title;
  const uri = stringField(value, URI_FIELDS) ?? inner.uri;
  const language = languageCode(value['language'] ?? value['lang']) ?? inner.language;
  return {
    ...inner,
    recordKey,
    title,
    uri,
    language,
    metadata: { ...inner.metadata, ...metadataOf(value, textField) },
  };
}

function problem(recordKey: string, reason: string): RecordProblem {
  return { recordKey, code: 'document_malformed', reason };
}

function isTextFormat(format: unknown): format is keyof typeof TEXT_PARSERS {
  return typeof format === 'string' && Object.hasOwn(TEXT_PARSERS, format);
}

function keyOf(record: JsonObject): string | null {
  for (const field of KEY_FIELDS) {
    const key = record[field];
    if (typeof key === 'number' || (typeof key === 'string' && key !== '')) return `${key}`;
  }
  return null;
}

function stringField(record: JsonObject, fields: readonly string[]): string | null {
  for (const field of fields) {
    const value = record[field];
    if (typeof value === 'string' && value.trim() !== '') return normaliseText(value.trim());
  }
  return null;
}

function metadataOf(record: JsonObject, textField: string): Metadata {
  const used = new Set<string>([textField, 'format', 'title', 'metadata', ...KEY_FIELDS, ...URI_FIELDS]);
  if (languageCode(record['language'] ?? record['lang']) !== null) used.add('language').add('lang');
  const own = flatMetadata(Object.entries(record).filter(([key]) => !used.has(key)));
  return isJsonObject(record['metadata']) ? { ...own, ...flattened(record['metadata']) } : own;
}

/** Nested objects become keys joined by dots. */
function flattened(metadata: JsonObject): Metadata {
  const facts: [string, MetadataScalar | readonly MetadataScalar[]][] = [];
  const open: { readonly prefix: string; readonly object: JsonObject; readonly depth: number }[] = [
    { prefix: '', object: metadata, depth: 1 },
  ];
  for (let top = open.shift(); top !== undefined; top = open.shift()) {
    const { prefix, object, depth } = top;
    const entries = Object.entries(object).map(([key, value]) => [prefix + key, value] as const);
    facts.push(...Object.entries(flatMetadata(entries)));
    if (depth >= MAX_METADATA_DEPTH) continue;
    for (const [key, value] of entries) {
      if (isJsonObject(value)) open.push({ prefix: `${key}.`, object: value, depth: depth + 1 });
    }
  }
  return Object.fromEntries(facts);
}
