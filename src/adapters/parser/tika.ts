import type { ParsedDocument } from '../../core/documents/document.ts';
import type { FileParser, ParseResult, RecordProblem } from '../../core/documents/parser.ts';
import { WITHIN } from '../../core/documents/record-key.ts';
import { nestingWithin } from '../../core/documents/unpack-budget.ts';
import { HoldfastError, toHoldfastError } from '../../core/errors.ts';
import { flatMetadata } from './front-matter.ts';
import { parseHtml } from './html.ts';

/** What Tika says of a file: names and texts, or lists of texts. */
type Facts = Readonly<Record<string, unknown>>;

const CONTENT = 'X-TIKA:content';
const PATH = 'X-TIKA:embedded_resource_path';
/** Tika answers with status 200 also when it gave up in the middle. */
const FAILURES = ['X-TIKA:EXCEPTION:container_exception', 'X-TIKA:EXCEPTION:embedded_exception'];
const MAX_PATH = 1024;

/** What the extractor made of a file of another format: the file first, then each file in it. */
export const tikaParser: FileParser = {
  format: 'tika',
  extensions: [],
  mediaTypes: [],
  async parseFile({ bytes, name, nesting }) {
    const [whole, ...parts] = factsIn(bytes, name);
    const documents = [...documentOf(whole, name)];
    const problems: RecordProblem[] = [];
    const { budget } = nestingWithin(name, nesting);
    for (const [at, part] of parts.entries()) {
      const path = pathOf(part, at + 1);
      budget.takeEntry(path);
      try {
        for (const document of documentOf(part, `${name}!/${path}`))
          documents.push({
            ...document,
            recordKey: `${WITHIN}${path}`,
            title: document.title ?? path.slice(path.lastIndexOf('/') + 1),
            metadata: { entry: path, ...document.metadata },
          });
      } catch (error) {
        const { code, message } = toHoldfastError(error);
        problems.push({ recordKey: `${WITHIN}${path}`, code, reason: message });
      }
    }
    return resultOf({ documents, problems }, name);
  },
};

/** A picture, a program: there is nothing in it to search for. */
function resultOf(result: ParseResult, name: string): ParseResult {
  if (result.documents.length > 0 || result.problems.length > 0) return result;
  throw new HoldfastError('document_unsupported', `${name}: Tika finds no text in it`);
}

function factsIn(bytes: Uint8Array, name: string): readonly [Facts, ...Facts[]] {
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new HoldfastError('document_malformed', `${name}: the answer of Tika is no JSON`, { cause: error });
  }
  const [whole, ...parts] = Array.isArray(answer) ? answer.filter(isFacts) : [];
  if (whole === undefined)
    throw new HoldfastError('document_malformed', `${name}: the answer of Tika is no list of metadata`);
  return [whole, ...parts];
}

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null;
}

/** None where there is no text. @throws HoldfastError `document_encrypted`, `document_malformed`. */
function documentOf(facts: Facts, name: string): readonly ParsedDocument[] {
  for (const failure of FAILURES) requireNone(textOf(facts[failure]), name);
  const page = parseHtml(textOf(facts[CONTENT]) ?? '');
  if (page.blocks.length === 0) return [];
  const author = textOf(facts['dc:creator']);
  const language = /^[a-z]{2}\b/i.exec(textOf(facts['dc:language']) ?? '')?.[0].toLowerCase() ?? null;
  return [
    {
      ...page,
      title: textOf(facts['dc:title']) ?? page.title,
      metadata: flatMetadata(author === null ? [] : [['author', author]]),
      language,
    },
  ];
}

function requireNone(failure: string | null, name: string): void {
  if (failure === null) return;
  if (failure.includes('EncryptedDocumentException'))
    throw new HoldfastError('document_encrypted', `${name} is protected by a password`);
  // What follows is where in Tika's own code.
  const [reason = ''] = failure.split('\n', 1);
  throw new HoldfastError('document_malformed', `${name}: Tika cannot read it: ${reason.slice(0, 300)}`);
}

/** The first of several. */
function textOf(fact: unknown): string | null {
  const first: unknown = Array.isArray(fact) ? fact[0] : fact;
  const text = typeof first === 'string' ? first.trim() : '';
  return text === '' ? null : text;
}

function pathOf(facts: Facts, number: number): string {
  const named = textOf(facts[PATH])?.replace(/^\/+/, '').slice(0, MAX_PATH) ?? '';
  return named === '' ? `part-${number}` : named;
}
