import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import type { Scope } from '../src/core/documents/ids.ts';
import { openLibrary, scopeOf, GENERATION, type TestLibrary } from './library.ts';

/** Passages and questions written for this test, as `[key, text]` and `[text, key of the passage that answers]`. */
interface JudgedSet {
  readonly passages: readonly (readonly [key: string, text: string])[];
  readonly questions: readonly (readonly [question: string, key: string])[];
}

const LANGUAGES = ['de', 'es', 'fr', 'pt'] as const;
/** Of a language without analyser: words are found only as they are written. */
const NO_LANGUAGE = 'xx';
const NEVER = new AbortController().signal;

function judgedSet(language: string): JudgedSet {
  return JSON.parse(
    readFileSync(new URL(`fixtures/languages/${language}.json`, import.meta.url), 'utf8'),
  ) as JudgedSet;
}

async function fill(library: TestLibrary, scope: Scope, languages: readonly string[]): Promise<void> {
  for (const language of languages)
    for (const [key, text] of judgedSet(language).passages)
      await library.put(scope, `${language}-${key}`, text);
}

/** The mean of 1/rank of the passage that answers, by words alone. */
async function meanReciprocalRank(library: TestLibrary, scope: Scope, language: string): Promise<number> {
  const { questions } = judgedSet(language);
  let sum = 0;
  for (const [query, key] of questions) {
    const found = await library.index.lexical(scope, { query, filter: {}, limit: 10 }, NEVER);
    const chunks = await library.catalog.hydrate(
      scope,
      found.map(({ chunkId }) => chunkId),
    );
    const rank = chunks.findIndex((chunk) => chunk?.title === `${language}-${key}`);
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

function report(context: TestContext, numbers: Readonly<Record<string, number>>): void {
  const text = Object.entries(numbers).map(([name, value]) => `${name} ${value.toFixed(3)}`);
  context.diagnostic(text.join(', '));
}

describe('documents in other languages', () => {
  for (const language of LANGUAGES)
    it(`are found better with the analyser of their language: ${language}`, async (context) => {
      await using library = await openLibrary();
      const detected = await collection(library, 'detected', 'auto');
      const without = await collection(library, 'without', NO_LANGUAGE);
      for (const scope of [detected, without]) await fill(library, scope, [language]);
      const records = await library.catalog.listDocuments(detected, { limit: 100, cursor: null });
      assert.deepEqual([...new Set(records.items.map((record) => record.language))], [language]);
      const withAnalyser = await meanReciprocalRank(library, detected, language);
      const withoutAnalyser = await meanReciprocalRank(library, without, language);
      report(context, { [`${language} with`]: withAnalyser, without: withoutAnalyser });
      assert.ok(withAnalyser > withoutAnalyser);
      assert.ok(withAnalyser >= 0.9);
    });

  it('are found beside each other in one collection', async (context) => {
    await using library = await openLibrary();
    const mixed = await collection(library, 'mixed', 'auto');
    await fill(library, mixed, LANGUAGES);
    for (const language of LANGUAGES) {
      const found = await meanReciprocalRank(library, mixed, language);
      report(context, { [`${language} mixed`]: found });
      assert.ok(found >= 0.85, `${language}: ${found}`);
    }
  });
});
