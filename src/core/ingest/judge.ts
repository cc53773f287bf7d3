import type { Catalog, KnownItem } from '../documents/catalog.ts';
import type { DocumentOrigin, DocumentProblem } from '../documents/document.ts';
import { documentId, type GenerationId, type Scope } from '../documents/ids.ts';
import { HoldfastError } from '../errors.ts';
import { sha256Hex } from '../../lib/hash.ts';
import type { Source, SourceItem } from './source.ts';

type FileItem = Extract<SourceItem, { kind: 'file' }>;

/** What is to be done with an item of a source. */
export type Verdict =
  | { readonly kind: 'add' | 'update'; readonly item: FileItem }
  | { readonly kind: 'unchanged'; readonly item: FileItem }
  | {
      readonly kind: 'problem';
      readonly item: SourceItem;
      readonly state: 'failed' | 'skipped';
      readonly problem: DocumentProblem;
      /** The catalog shows it already. */
      readonly isKnown: boolean;
    };

export interface JudgeDependencies {
  readonly catalog: Pick<Catalog, 'getDocument' | 'storedOutcome'>;
  readonly source: Source;
  readonly scope: Scope;
  readonly origin: DocumentOrigin;
  readonly generation: GenerationId;
  /** As in `IngestRequest`. */
  readonly language: string | undefined;
  readonly maxDocumentBytes: number;
}

/** Compares an item with what the catalog knows of it. Reads the bytes only when it is known in another state. */
export async function judge(
  dependencies: JudgeDependencies,
  item: SourceItem,
  known: KnownItem | null,
): Promise<Verdict> {
  if (item.kind === 'problem')
    return problemOf(dependencies, item, { state: item.state, problem: item.problem });
  if (known === null) return { kind: 'add', item };
  const failures = await knownFailures(dependencies, known);
  const crash = failures.find(({ code }) => code === 'document_crashes');
  // Reading it is harmless, working on it is not: somebody has to ask for that.
  if (crash !== undefined && failures.length === known.documents.length) {
    const record = await dependencies.catalog.getDocument(dependencies.scope, idOf(dependencies.scope, item));
    if (record?.sizeBytes === item.sizeBytes)
      return { kind: 'problem', item, state: 'failed', problem: crash, isKnown: true };
  }
  try {
    const contentHash = item.contentHash ?? stampedHash(item, known) ?? (await hashOf(dependencies, item));
    if (!isUnchanged(dependencies, known, { contentHash, failures })) return { kind: 'update', item };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const problem = { code: error.code, reason: error.message };
    return problemOf(dependencies, item, { state: 'failed', problem });
  }
  const [problem] = failures;
  if (problem === undefined) return { kind: 'unchanged', item };
  return { kind: 'problem', item, state: 'failed', problem, isKnown: true };
}

/** Of an item that is in the state in which it was read. */
function stampedHash({ stamp }: FileItem, known: KnownItem): string | null {
  return stamp !== undefined && stamp === known.stamp ? known.contentHash : null;
}

async function hashOf({ source, maxDocumentBytes }: JudgeDependencies, { item }: FileItem): Promise<string> {
  return source.hash?.(item, maxDocumentBytes) ?? sha256Hex(await source.read(item, maxDocumentBytes));
}

function idOf(scope: Scope, item: SourceItem) {
  return documentId(scope, item.item);
}

async function knownFailures(
  { catalog, scope }: JudgeDependencies,
  known: KnownItem,
): Promise<readonly DocumentProblem[]> {
  const broken = known.documents.filter(({ state }) => state === 'failed');
  const outcomes = await Promise.all(broken.map(async ({ id }) => catalog.storedOutcome(scope, id)));
  return outcomes.flatMap((outcome) => outcome?.problem ?? []);
}

interface Compared {
  readonly contentHash: string;
  readonly failures: readonly DocumentProblem[];
}

/** True when the catalog has these bytes already, prepared as they would be now. */
function isUnchanged(
  { generation, language }: JudgeDependencies,
  known: KnownItem,
  { contentHash, failures }: Compared,
): boolean {
  if (known.contentHash !== contentHash) return false;
  if (givenLanguageOf(known, language) !== known.givenLanguage) return false;
  // What took too long once may have met a busy machine; a server that was away may be back.
  if (failures.some(({ code }) => code === 'document_timeout' || code === 'extractor_unavailable'))
    return false;
  return failures.length === known.documents.length || known.generation === generation;
}

/** The language that an item of a sync is prepared in, whatever its collection says; null: none is named. */
export function givenLanguageOf(known: KnownItem | null, language: string | undefined): string | null {
  if (language === undefined) return known?.givenLanguage ?? null;
  return language === 'auto' ? null : language;
}

interface Found {
  readonly state: 'failed' | 'skipped';
  readonly problem: DocumentProblem;
}

async function problemOf(
  { catalog, scope }: JudgeDependencies,
  item: SourceItem,
  { state, problem }: Found,
): Promise<Verdict> {
  const stored = await catalog.storedOutcome(scope, idOf(scope, item));
  const isKnown =
    stored?.state === state &&
    stored.problem?.code === problem.code &&
    stored.problem.reason === problem.reason;
  return { kind: 'problem', item, state, problem: { code: problem.code, reason: problem.reason }, isKnown };
}
