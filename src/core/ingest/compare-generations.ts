import type { Catalog } from '../documents/catalog.ts';
import type { GenerationQuality, GenerationReport, JudgedQuestion } from '../documents/generations.ts';
import type { DocumentRecord } from '../documents/document.ts';
import type { Scope } from '../documents/ids.ts';
import { sentenceSpans } from '../documents/sentences.ts';
import type { Retrieve } from '../retrieval/retrieve.ts';

export interface CompareDependencies {
  readonly catalog: Pick<Catalog, 'listDocuments' | 'versionText'>;
  readonly retrieve: Retrieve;
}

export interface Comparison {
  readonly live: Scope;
  readonly candidate: Scope;
  /** None: sentences of the documents. */
  readonly questions: readonly JudgedQuestion[];
}

const SAMPLED_DOCUMENTS = 100;
const LISTED_PAGES = 20;
const DEPTH = 10;

/** Asks both generations the same questions. Null when there is nothing to ask. */
export async function compareGenerations(
  { live, candidate, questions }: Comparison,
  dependencies: CompareDependencies,
  signal: AbortSignal,
): Promise<GenerationReport | null> {
  const isJudged = questions.length > 0;
  const asked = isJudged ? questions : await sampleQuestions(live, dependencies);
  if (asked.length === 0) return null;
  return {
    kind: isJudged ? 'judged' : 'sampled',
    questions: asked.length,
    live: await quality(live, asked, { dependencies, signal }),
    candidate: await quality(candidate, asked, { dependencies, signal }),
  };
}

async function quality(
  scope: Scope,
  questions: readonly JudgedQuestion[],
  { dependencies, signal }: { readonly dependencies: CompareDependencies; readonly signal: AbortSignal },
): Promise<GenerationQuality> {
  const ranks: number[] = [];
  for (const { question, documents } of questions) {
    const { tenant, collection } = scope;
    const request = { tenant, query: question, collections: [collection], filter: {}, topK: DEPTH } as const;
    const { passages } = await dependencies.retrieve({ ...request, mode: 'hybrid' }, signal);
    const found = [...new Set(passages.map(({ chunk }) => chunk.documentId))];
    const at = found.findIndex((id) => documents.includes(id));
    ranks.push(at === -1 ? Number.POSITIVE_INFINITY : at + 1);
  }
  const mean = (score: (rank: number) => number): number =>
    ranks.reduce((sum, rank) => sum + score(rank), 0) / ranks.length;
  return {
    hitsAt1: mean((rank) => (rank === 1 ? 1 : 0)),
    hitsAt10: mean((rank) => (rank <= DEPTH ? 1 : 0)),
    reciprocalRank: mean((rank) => (rank <= DEPTH ? 1 / rank : 0)),
  };
}

/** One sentence each of documents that lie evenly in the list. */
async function sampleQuestions(
  live: Scope,
  { catalog }: Pick<CompareDependencies, 'catalog'>,
): Promise<JudgedQuestion[]> {
  const listed: DocumentRecord[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < LISTED_PAGES; page++) {
    const { items, nextCursor } = await catalog.listDocuments(live, { state: 'ready', limit: 1000, cursor });
    listed.push(...items);
    cursor = nextCursor;
    if (cursor === null) break;
  }
  const step = Math.max(1, listed.length / SAMPLED_DOCUMENTS);
  const questions: JudgedQuestion[] = [];
  for (let at = 0; at < listed.length; at += step) {
    const record = listed[Math.floor(at)];
    if (record === undefined || record.version === null) continue;
    const question = middleSentence((await catalog.versionText(live, record.version)) ?? '');
    if (question !== null) questions.push({ question, documents: [record.id] });
  }
  return questions;
}

const SENTENCE_CHARS = { least: 30, most: 300 };

function middleSentence(text: string): string | null {
  const from = Math.max(0, Math.floor(text.length / 2) - 2000);
  const around = text.slice(from, from + 4000);
  const sentences = sentenceSpans(around)
    .map(({ start, end }) => around.slice(start, end).replaceAll(/\s+/g, ' ').trim())
    .filter(({ length }) => length >= SENTENCE_CHARS.least && length <= SENTENCE_CHARS.most);
  return sentences[Math.floor(sentences.length / 2)] ?? null;
}
