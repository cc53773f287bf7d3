import type { ParsedDocument } from '../../core/documents/document.ts';
import type { FileInput, ParseResult, RecordProblem } from '../../core/documents/parser.ts';
import { joinKeys, WITHIN } from '../../core/documents/record-key.ts';
import type { Nesting } from '../../core/documents/unpack-budget.ts';
import { HoldfastError, toHoldfastError, type ErrorCode } from '../../core/errors.ts';

/** A file within another one, before its format is known. */
export interface ChildInput extends FileInput {
  readonly mediaType?: string;
}

/** Parses a file whatever its format is. @throws HoldfastError as `FileParser.parseFile`, `document_unsupported`. */
export type ParseChild = (input: ChildInput) => Promise<ParseResult>;

/** A file that stands in another one: an entry of an archive, an attachment. */
export interface Child {
  /** With `/` between folders; shown as it is. */
  readonly path: string;
  readonly mediaType?: string;
  /** Gives its bytes when its turn comes. @throws HoldfastError when they cannot be read. */
  read(): Uint8Array;
}

export interface ChildContext {
  readonly parseChild: ParseChild;
  readonly nesting: Nesting;
}

const MAX_PATH = 1024;

/**
 * The documents of files within a file, one after another. What is wrong with one is a problem of that one alone.
 * @throws HoldfastError `document_unpack_limit` when there is more than is unpacked of one item.
 */
export async function parseChildren(
  children: Iterable<Child>,
  { parseChild, nesting }: ChildContext,
): Promise<ParseResult> {
  const documents: ParsedDocument[] = [];
  const problems: RecordProblem[] = [];
  const seen = new Set<string>();
  let number = 0;
  for (const child of untilBroken(children, problems)) {
    number++;
    const { path, mediaType } = child;
    nesting.budget.takeEntry(path);
    const isAgain = seen.has(path);
    seen.add(path);
    const key = `${WITHIN}${path}${isAgain ? `#${number}` : ''}`;
    try {
      if (isAgain) throw new HoldfastError('document_malformed', `${path} occurs more than once`);
      requirePath(path);
      const input = { bytes: child.read(), name: baseName(path), nesting };
      const parsed = await parseChild(mediaType === undefined ? input : { ...input, mediaType });
      for (const document of parsed.documents) documents.push(placed(document, key, path));
      for (const problem of parsed.problems)
        problems.push({ ...problem, recordKey: joinKeys(key, problem.recordKey) });
    } catch (error) {
      problems.push(problemOf(error, key));
    }
  }
  return { documents, problems };
}

/** What comes before the place where an archive is damaged is read; the rest is a problem of the whole. */
function* untilBroken(children: Iterable<Child>, problems: RecordProblem[]): Generator<Child> {
  try {
    yield* children;
  } catch (error) {
    const { code, message } = toHoldfastError(error);
    if (code !== 'document_malformed') throw error;
    problems.push({ recordKey: null, code, reason: message });
  }
}

function placed(document: ParsedDocument, key: string, path: string): ParsedDocument {
  const title = document.title ?? (document.recordKey === null ? baseName(path) : null);
  const metadata = { entry: path, ...document.metadata };
  return { ...document, recordKey: joinKeys(key, document.recordKey), title, metadata };
}

function problemOf(error: unknown, recordKey: string): RecordProblem {
  const { code, message } = toHoldfastError(error);
  const known: ErrorCode = code === 'internal_error' ? 'document_malformed' : code;
  return { recordKey, code: known, reason: message };
}

/** Nothing is ever written to such a path, but what was made to lead out of a folder is no document. */
function requirePath(path: string): void {
  const leadsOut = path.split(/[/\\]/).includes('..') || /^(?:[/\\]|[A-Za-z]:)/.test(path);
  if (leadsOut)
    throw new HoldfastError(
      'document_malformed',
      `the path ${JSON.stringify(path)} leads out of the archive`,
    );
  if (path.length > MAX_PATH)
    throw new HoldfastError(
      'document_malformed',
      `a path has ${path.length} characters; at most ${MAX_PATH} are taken`,
    );
}

/** Whether a folder on disk would leave the entry out as well: hidden files, caches, what systems leave behind. */
export function isLeftOut(path: string): boolean {
  return path
    .split('/')
    .some(
      (part) =>
        /^\.[^.]/.test(part) || part === 'node_modules' || part === '__pycache__' || part === '__MACOSX',
    );
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}
