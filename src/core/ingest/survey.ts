import type { Catalog, KnownItem } from '../documents/catalog.ts';
import type { DocumentOrigin, DocumentProblem } from '../documents/document.ts';
import type { Scope } from '../documents/ids.ts';
import type { ListOptions, Source, SourceItem } from './source.ts';

export interface SurveyRequest extends ListOptions {
  readonly scope: Scope;
  readonly origin: DocumentOrigin;
  readonly root: string;
  readonly force: boolean;
}

/** What a source holds now, beside what the catalog knows of it. */
export interface Survey {
  readonly items: AsyncIterable<SourceItem> | Iterable<SourceItem>;
  readonly known: ReadonlyMap<string, KnownItem>;
  /** What the catalog knows and the source does not hold any more. */
  readonly gone: readonly KnownItem[];
  /** Why nothing of it may be done. */
  readonly refusal: DocumentProblem | null;
}

export interface SurveyDependencies {
  readonly catalog: Pick<Catalog, 'knownItems'>;
  readonly sources: ReadonlyMap<DocumentOrigin, Source>;
}

/** A sync that would delete more of its source's documents is refused. */
const MAX_DELETED_SHARE = 0.3;

/**
 * Lists a source. One that documents are known of is listed to its end before anything is done, so that a source that
 * has lost its content, such as a folder that is not mounted, costs nothing.
 * @throws HoldfastError `path_not_found`.
 */
export async function survey(
  { catalog, sources }: SurveyDependencies,
  request: SurveyRequest,
  signal: AbortSignal,
): Promise<Survey> {
  const { scope, origin, root, force, within, patterns } = request;
  const source = sources.get(origin);
  if (source === undefined) throw new Error(`there is no source of the origin "${origin}"`);
  const listed = source.list(root, signal, { within, patterns })[Symbol.asyncIterator]();
  const first = await listed.next();
  const { prefix, isSingle } = source.scopeOf?.(root) ?? { prefix: root, isSingle: false };
  const below = await catalog.knownItems(scope, origin, prefix);
  const known = new Map(
    below.flatMap((item) => (isSingle && item.item !== prefix ? [] : [[item.item, item] as const])),
  );
  if (known.size === 0) return { items: following(first, listed), known, gone: [], refusal: null };
  const items: SourceItem[] = [];
  for await (const item of following(first, listed)) items.push(item);
  const gone = goneItems(items, known);
  const all = within === undefined ? below : await catalog.knownItems(scope, origin, within);
  const refusal = force ? null : refusalOf(within ?? root, gone, all);
  return { items, known, gone, refusal };
}

async function* following(
  first: IteratorResult<SourceItem>,
  rest: AsyncIterator<SourceItem>,
): AsyncGenerator<SourceItem> {
  for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
}

function goneItems(items: readonly SourceItem[], known: ReadonlyMap<string, KnownItem>): KnownItem[] {
  const seen = new Set(items.map(({ item }) => item));
  const hidden = items.flatMap((item) => (item.kind === 'problem' && item.hidesItems ? item.item : []));
  return [...known.values()].filter(
    ({ item }) => !seen.has(item) && !hidden.some((folder) => item.startsWith(`${folder}/`)),
  );
}

function refusalOf(
  root: string,
  gone: readonly KnownItem[],
  known: readonly KnownItem[],
): DocumentProblem | null {
  const deleted = documentCount(gone);
  const all = documentCount(known);
  // One document is no sign of a source that has lost its content.
  if (deleted <= 1 || deleted <= all * MAX_DELETED_SHARE) return null;
  const share = Math.round((100 * deleted) / all);
  return {
    code: 'sync_deletes_too_much',
    reason: `${root} lacks ${deleted} of its ${all} documents (${share} %); nothing was changed`,
  };
}

function documentCount(items: readonly KnownItem[]): number {
  return items.reduce((sum, { documents }) => sum + documents.length, 0);
}
