import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { loadSet, type LoadedSet } from '../src/app/evaluate.ts';
import { loadConfig } from '../src/config/config.ts';
import type { AskResponse } from '../src/core/answer/answer.ts';
import type { Scope } from '../src/core/documents/ids.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { openLibrary, scopeOf, GENERATION, type TestLibrary } from './library.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Passages and questions written for this test, as `[key, text]` and `[text, key of the passage that answers]`. */
interface JudgedSet {
  readonly passages: readonly (readonly [key: string, text: string])[];
  readonly questions: readonly (readonly [question: string, key: string])[];
  /** Questions that no passage answers. */
  readonly unanswered?: readonly string[];
}

/** Languages whose words have stems. */
const STEMMED = ['de', 'es', 'fr', 'pt'] as const;
/** Languages that write no spaces between words, or hang particles on them. */
const UNSPACED = ['zh', 'ja', 'ko', 'th'] as const;
const LANGUAGES = [...STEMMED, ...UNSPACED];
/** Of a language without analyser: words are found only as they are written. */
const NO_LANGUAGE = 'xx';
const NEVER = new AbortController().signal;

/** Passages of one document each, in English. */
const ENGLISH: JudgedSet = {
  passages: [
    ['holiday', 'Holiday requests go to your manager at least four weeks in advance.'],
    ['backup', 'The database is backed up every night at two and copies are kept for thirty days.'],
    ['password', 'A forgotten password can be reset on the login page; the link is valid for an hour.'],
    ['keys', 'Lost keys must be reported to the reception at once, so that the lock can be changed.'],
    ['fire', 'In case of fire everybody leaves by the stairs and meets at the car park.'],
    ['bicycle', 'Company bicycles stand in the cellar; charge the battery after every ride.'],
  ],
  questions: [
    ['How early do I have to request holidays?', 'holiday'],
    ['How long are copies of the database kept?', 'backup'],
    ['How do I reset forgotten passwords?', 'password'],
    ['Who do I report a lost key to?', 'keys'],
    ['Where do we meet in a fire?', 'fire'],
    ['Where are the bicycles of the company?', 'bicycle'],
  ],
};

function judgedSet(language: string): JudgedSet {
  if (language === 'en') return ENGLISH;
  return JSON.parse(
    readFileSync(new URL(`fixtures/languages/${language}.json`, import.meta.url), 'utf8'),
  ) as JudgedSet;
}

/** Documents have numbers for names, which tell nothing of what they hold. */
async function fill(library: TestLibrary, scope: Scope, languages: readonly string[]): Promise<void> {
  for (const language of languages)
    for (const [at, [, text]] of judgedSet(language).passages.entries())
      await library.put(scope, nameOf(language, at), text);
}

function nameOf(language: string, at: number): string {
  return `${at}${language}`;
}

/** The mean of 1/rank of the passage that answers, by words alone. */
async function meanReciprocalRank(library: TestLibrary, scope: Scope, language: string): Promise<number> {
  const { passages, questions } = judgedSet(language);
  let sum = 0;
  for (const [query, key] of questions) {
    const found = await library.index.lexical(scope, { query, filter: {}, limit: 10 }, NEVER);
    const chunks = await library.catalog.hydrate(
      scope,
      found.map(({ chunkId }) => chunkId),
    );
    const at = passages.findIndex(([name]) => name === key);
    const rank = chunks.findIndex((chunk) => chunk?.title === nameOf(language, at));
    if (rank >= 0) sum += 1 / (rank + 1);
  }
  return sum / questions.length;
}

async function collection(library: TestLibrary, name: string, language: string): Promise<Scope> {
  const scope = scopeOf(name);
  const settings = { language, description: '' };
  await library.catalog.createCollection({ ...scope, settings, generation: GENERATION });
  return scope;
}

/** The languages of the documents, as the catalog has them. */
async function languagesOf(library: TestLibrary, scope: Scope): Promise<string[]> {
  const records = await library.catalog.listDocuments(scope, { limit: 1000, cursor: null });
  return [...new Set(records.items.map(({ language }) => language ?? ''))].toSorted();
}

function report(context: TestContext, numbers: Readonly<Record<string, number>>): void {
  const text = Object.entries(numbers).map(([name, value]) => `${name} ${value.toFixed(3)}`);
  context.diagnostic(text.join(', '));
}

describe('documents in other languages', () => {
  for (const language of STEMMED)
    it(`are found better with the analyser of their language: ${language}`, async (context) => {
      await using library = await openLibrary();
      const detected = await collection(library, 'detected', 'auto');
      const without = await collection(library, 'without', NO_LANGUAGE);
      for (const scope of [detected, without]) await fill(library, scope, [language]);
      assert.deepEqual(await languagesOf(library, detected), [language]);
      const withAnalyser = await meanReciprocalRank(library, detected, language);
      const withoutAnalyser = await meanReciprocalRank(library, without, language);
      report(context, { [`${language} with`]: withAnalyser, without: withoutAnalyser });
      assert.ok(withAnalyser > withoutAnalyser);
      assert.ok(withAnalyser >= 0.95);
    });

  for (const language of UNSPACED)
    it(`are found where words are not divided by spaces: ${language}`, async (context) => {
      await using library = await openLibrary();
      const scope = await collection(library, 'detected', 'auto');
      await fill(library, scope, [language]);
      assert.deepEqual(await languagesOf(library, scope), [language]);
      const found = await meanReciprocalRank(library, scope, language);
      report(context, { [language]: found });
      assert.ok(found >= 0.95, `${language}: ${found}`);
    });

  it('are found beside each other in one collection', async (context) => {
    await using library = await openLibrary();
    const mixed = await collection(library, 'mixed', 'auto');
    const languages = ['en', ...LANGUAGES];
    await fill(library, mixed, languages);
    assert.deepEqual(await languagesOf(library, mixed), languages.toSorted());
    for (const language of languages) {
      const found = await meanReciprocalRank(library, mixed, language);
      report(context, { [`${language} mixed`]: found });
      assert.ok(found >= 0.94, `${language}: ${found}`);
    }
  });

  it('get no vectors from a model that does not know them', async () => {
    await using library = await openLibrary();
    const mixed = await collection(library, 'mixed', 'auto');
    await fill(library, mixed, ['en', 'de', ...UNSPACED]);
    const query = await library.embedder.embedQuery('How do I reset forgotten passwords?', NEVER);
    assert.ok(query !== null);
    const found = await library.index.dense(mixed, { query, filter: {}, limit: 500 }, NEVER);
    assert.equal(found.length, ENGLISH.passages.length);
    for (const language of ['de', ...UNSPACED])
      for (const [question] of judgedSet(language).questions)
        assert.equal(await library.embedder.embedQuery(question, NEVER), null, question);
  });
});

/** A judged set in the form of `holdfast eval`, in a service of its own. */
async function loadJudged(folder: string, { passages, questions }: JudgedSet): Promise<LoadedSet> {
  const idOf = new Map(passages.map(([key], at) => [key, `d${at}`]));
  const corpus = passages.map(([key, text]) => ({ _id: idOf.get(key), title: '', text }));
  const queries = questions.map(([text], at) => ({ _id: `q${at}`, text }));
  const judgements = questions.map(([, key], at) => `q${at}\t${idOf.get(key)}\t1\n`);
  await writeFile(join(folder, 'corpus.jsonl'), toLines(corpus));
  await writeFile(join(folder, 'queries.jsonl'), toLines(queries));
  await writeFile(join(folder, 'qrels.tsv'), `query-id\tcorpus-id\tscore\n${judgements.join('')}`);
  const logger = createLogger({ level: 'error', format: 'text' });
  return loadSet(folder, { config: loadConfig({}, {}), logger });
}

function toLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

async function ask({ service, scope }: LoadedSet, query: string): Promise<AskResponse> {
  const { tenant, collection } = scope;
  const collections = [collection];
  const limits = { topK: 10, mode: 'hybrid', maxAnswerChars: 400 } as const;
  return service.ask({ tenant, query, collections, filter: {}, ...limits }, NEVER);
}

describe('questions in other languages', () => {
  for (const language of LANGUAGES)
    it(`are answered from their passages, or refused: ${language}`, async (context) => {
      await using folder = await temporaryFolder();
      const judged = judgedSet(language);
      await using loaded = await loadJudged(folder.path, judged);
      let right = 0;
      let wrong = 0;
      for (const { _id: id, text } of loaded.set.queries) {
        const { answer, citations } = await ask(loaded, text);
        const [first] = citations;
        if (answer.refused || first === undefined) continue;
        const isRight = loaded.set.judgements.get(id)?.has(loaded.externalId(first.documentId)) === true;
        if (isRight) right++;
        else wrong++;
      }
      const total = judged.questions.length;
      report(context, { [`${language} right`]: right / total, wrong: wrong / total });
      assert.ok(right >= 0.7 * total, `${right} of ${total} are answered from their passages`);
      assert.ok(wrong <= 0.1 * total, `${wrong} of ${total} are answered from others`);
      for (const question of judged.unanswered ?? [])
        assert.equal((await ask(loaded, question)).answer.refused, true, question);
    });
});
