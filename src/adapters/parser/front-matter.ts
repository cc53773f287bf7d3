import { parse as parseYaml } from 'yaml';
import type { Metadata, MetadataScalar } from '../../core/documents/document.ts';

/** What stands at the head of a file about it. */
export interface FrontMatter {
  readonly title: string | null;
  readonly language: string | null;
  /** Every other flat fact. */
  readonly metadata: Metadata;
  /** Where the document itself begins. */
  readonly bodyStart: number;
}

const MAX_LENGTH = 65_536;
const NONE: FrontMatter = { title: null, language: null, metadata: {}, bodyStart: 0 };
const DELIMITED = /^(---|\+\+\+)[^\S\n]*\n/;

/** Reads YAML (`---`) or flat TOML (`+++`) front matter; text without it has an empty one. */
export function readFrontMatter(text: string): FrontMatter {
  const fence = DELIMITED.exec(text);
  if (fence?.[1] === undefined) return NONE;
  const head = text.slice(fence[0].length - 1, MAX_LENGTH);
  const close = (fence[1] === '---' ? /\n(?:---|\.\.\.)[^\S\n]*(?:\n|$)/ : /\n\+\+\+[^\S\n]*(?:\n|$)/).exec(
    head,
  );
  if (close === null) return NONE;
  const source = head.slice(1, close.index + 1);
  const facts = fence[1] === '---' ? yamlFacts(source) : flatFacts(source);
  if (facts === null) return NONE;
  return { ...splitFacts(facts), bodyStart: fence[0].length - 1 + close.index + close[0].length };
}

/** Flat scalars and arrays of scalars of a record; everything else is left out. */
export function flatMetadata(facts: Iterable<readonly [string, unknown]>): Metadata {
  const entries: [string, MetadataScalar | readonly MetadataScalar[]][] = [];
  for (const [key, value] of facts) {
    if (isScalar(value)) entries.push([key, value]);
    else if (Array.isArray(value) && value.length > 0 && value.every(isScalar)) entries.push([key, value]);
  }
  return Object.fromEntries(entries);
}

/** The ISO 639-1 code of a language tag such as `en` or `pt-BR`, or null. */
export function languageCode(tag: unknown): string | null {
  const match = typeof tag === 'string' ? /^([a-z]{2})(?:[-_][a-z0-9-_]{2,12})?$/i.exec(tag.trim()) : null;
  return match?.[1]?.toLowerCase() ?? null;
}

function isScalar(value: unknown): value is MetadataScalar {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function splitFacts(facts: readonly (readonly [string, unknown])[]): Omit<FrontMatter, 'bodyStart'> {
  const byKey = new Map(facts);
  const title = byKey.get('title');
  const languageKey = ['lang', 'language'].find((key) => languageCode(byKey.get(key)) !== null);
  const hasTitle = typeof title === 'string' && title.trim() !== '';
  return {
    title: hasTitle ? title.trim() : null,
    language: languageKey === undefined ? null : languageCode(byKey.get(languageKey)),
    metadata: flatMetadata(facts.filter(([key]) => key !== languageKey && !(hasTitle && key === 'title'))),
  };
}

/** The top level of a YAML mapping; line by line when it is not valid YAML; null when it is no mapping at all. */
function yamlFacts(source: string): readonly (readonly [string, unknown])[] | null {
  try {
    const value: unknown = parseYaml(source, { logLevel: 'error' });
    if (value === null) return source.trim() === '' || source.includes('#') ? [] : null;
    return typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : null;
  } catch {
    const facts = flatFacts(source);
    return facts.length > 0 ? facts : null;
  }
}

function flatFacts(source: string): readonly (readonly [string, unknown])[] {
  const lines = source.matchAll(/^([A-Za-z_][\w.-]*)[^\S\n]*[:=][^\S\n]*(\S.*)$/gm);
  return Array.from(lines, ([, key, value]) => [key ?? '', flatValue((value ?? '').trim())] as const);
}

function flatValue(source: string): unknown {
  try {
    const value: unknown = parseYaml(source, { logLevel: 'error' });
    return typeof value === 'object' && !Array.isArray(value) ? source : value;
  } catch {
    return source;
  }
}
