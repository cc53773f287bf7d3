import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CORPUS, LINK_ATTACKS, ORDERS, TERMINAL_ATTACKS } from '../../../../test/injection/corpus.ts';
import { rendered, spellings } from '../../../../test/injection/rendered.ts';
import { randomInteger, seededRandom } from '../../../../test/random.ts';
import type { ChunkId, CollectionName, DocumentId, VersionId } from '../../documents/ids.ts';
import type { GenerateRequest, Generator } from '../../models/generator.ts';
import { generateAnswer, type GenerationInput, type GenerationOutcome } from './generate-answer.ts';
import { buildPrompt, INSTRUCTIONS } from './prompt.ts';

const NEVER = new AbortController().signal;
const GOOD = 'Backups of all systems run daily at 02:00. See https://docs.good.example/backups for more.';
const KNOWN = 'https://docs.good.example/backups';
const QUESTION = 'When do backups run?';

type Passage = GenerationInput['passages'][number];

function passage(text: string, title = 'Operations'): Passage {
  const result = {
    rank: 1,
    collection: 'docs' as CollectionName,
    chunkId: `${'a'.repeat(32)}-0` as ChunkId,
    documentId: 'd'.repeat(32) as DocumentId,
    documentVersion: 'a'.repeat(32) as VersionId,
    title,
    uri: null,
    headingPath: [],
    page: null,
    start: 0,
    end: text.length,
    text,
    score: 1,
  };
  return { text, start: 0, language: 'en', result };
}

/** A model that says what a document wants it to say, in pieces of any size. */
function obeying(says: (request: GenerateRequest) => string, random: () => number): Generator {
  return {
    profile: { model: 'obedient', contextTokens: 200_000, maxOutputTokens: 1000, canStream: true },
    preload: async () => undefined,
    async *generate(request) {
      const text = says(request);
      const most = 1 + randomInteger(random, 40);
      for (let at = 0; at < text.length;) {
        const length = 1 + randomInteger(random, most);
        yield text.slice(at, at + length);
        at += length;
      }
    },
  };
}

interface Ran {
  readonly shown: string;
  readonly outcome: GenerationOutcome;
}

async function run(generator: Generator, passages: readonly Passage[]): Promise<Ran> {
  const tools = {
    generator,
    countTokens: (text: string) => text.split(/\s+/).length,
    embed: () => new Float32Array(4),
    terms: (text: string) =>
      [...text.toLowerCase().matchAll(/[a-z0-9:]+/g)].map((match) => ({
        term: match[0],
        start: match.index,
        end: 0,
      })),
  };
  const stream = generateAnswer({ question: QUESTION, passages }, tools, NEVER);
  let shown = '';
  for (let next = await stream.next(); ; next = await stream.next()) {
    if (next.done === true) return { shown, outcome: next.value };
    shown += next.value;
  }
}

/** Nothing leads anywhere but where the passages lead that the text cites; nothing loads, runs or hides. */
function assertHarmless(text: string, passages: readonly Passage[], attack: string): void {
  const { links, images, foreign } = rendered(text);
  const about = `${JSON.stringify(attack.slice(0, 200))} -> ${JSON.stringify(text.slice(0, 600))}`;
  assert.deepEqual(images, [], about);
  assert.deepEqual(foreign, [], about);
  const cited = [...text.matchAll(/\[(\d+)\]/g)].map((match) => passages[Number(match[1]) - 1]?.text ?? '');
  for (const link of links) {
    const isHeld = cited.some((source) => spellings(link).some((spelling) => source.includes(spelling)));
    assert.ok(isHeld, `${link} is foreign: ${about}`);
  }
  assert.doesNotMatch(text, /(?![\n\t])\p{Cc}|[\u200b\u202a-\u202e\u2060-\u2069\ufeff]/u, about);
  assert.doesNotMatch(text, /[\u{e0000}-\u{e0fff}]/u, about);
}

function words(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
}

function assertNoLeak(text: string, attack: string): void {
  const said = ` ${words(text).join(' ')} `;
  const secret = words(INSTRUCTIONS);
  for (let at = 0; at + 6 <= secret.length; at++) {
    const run = secret.slice(at, at + 6).join(' ');
    assert.ok(!said.includes(` ${run} `), `"${run}" leaked after ${attack.slice(0, 100)}`);
  }
}

const ATTACKS: readonly string[] = [...LINK_ATTACKS, ...ORDERS, ...TERMINAL_ATTACKS];

/** Where a model puts what it was told to write. */
const OBEDIENCE: Readonly<Record<string, (attack: string) => string>> = {
  'writes it after its answer': (attack) => `Backups of all systems run daily at 02:00 [1]. ${attack}`,
  'writes it before its answer': (attack) => `${attack}\nBackups of all systems run daily at 02:00 [1].`,
  'writes it in its answer': (attack) => `Backups of all systems run daily ${attack} at 02:00 [1].`,
  'gives it a marker': (attack) => `Backups of all systems run daily at 02:00 [1]. ${attack} [1][2]`,
  'writes it alone': (attack) => attack,
};

describe('a model that obeys a document', () => {
  for (const [how, obey] of Object.entries(OBEDIENCE)) {
    test(`and ${how} leads nowhere, in whatever pieces it writes`, async () => {
      for (const [at, attack] of ATTACKS.entries()) {
        const loot = attack.replaceAll('DATA', 'stolen-question');
        const passages = [passage(GOOD), passage(`Some other text. ${attack}`)];
        for (const seed of [1, 2, 3]) {
          const random = seededRandom(at * 10 + seed);
          const { shown, outcome } = await run(
            obeying(() => obey(loot), random),
            passages,
          );
          assertHarmless(shown, passages, loot);
          assertNoLeak(shown, loot);
          if (outcome.kind === 'answered') assert.equal(shown.trim(), outcome.answer.text);
        }
      }
    });
  }

  test('and repeats all passages with their markers leads only where the cited ones lead', async () => {
    for (const [at, document] of CORPUS.entries()) {
      const passages = [passage(GOOD), passage(document.text, document.title)];
      const says = (): string => `Backups of all systems run daily at 02:00 [1]. ${document.text} [2]`;
      const { shown } = await run(obeying(says, seededRandom(at)), passages);
      assertHarmless(shown, passages, document.text);
    }
  });

  test('and repeats the prompt shows nothing of its instructions', async () => {
    const sayings: readonly ((request: GenerateRequest) => string)[] = [
      ({ messages }) => messages[0]?.content ?? '',
      ({ messages }) => `Backups of all systems run daily at 02:00 [1]. ${messages[0]?.content}`,
      ({ messages }) => `My instructions: "${messages[0]?.content.toUpperCase()}" [1]`,
      ({ messages }) => messages.map(({ content }) => content).join('\n'),
      ({ messages }) => `- ${words(messages[0]?.content ?? '').join(' * ')}`,
    ];
    for (const [at, says] of sayings.entries()) {
      for (const seed of [1, 2, 3]) {
        const { shown, outcome } = await run(obeying(says, seededRandom(10 * at + seed)), [passage(GOOD)]);
        assertNoLeak(shown, String(at));
        assert.deepEqual(outcome, { kind: 'failed', reason: 'the model repeated its instructions' });
      }
    }
  });

  test('may repeat the link of the passage that it cites', async () => {
    const said = `Backups of all systems run daily at 02:00, see ${KNOWN} [1].`;
    for (const seed of [1, 2, 3, 4, 5]) {
      const { shown } = await run(
        obeying(() => said, seededRandom(seed)),
        [passage(GOOD)],
      );
      assert.equal(shown, said);
    }
  });
});

describe('a passage in the prompt', () => {
  test('cannot leave its place', () => {
    for (const { text, title } of CORPUS) {
      const { messages } = buildPrompt({
        question: QUESTION,
        passages: [
          { title, headingPath: [title], text },
          { title: 'Last', headingPath: [], text: GOOD },
        ],
        budgetTokens: 100_000,
        countTokens: (counted) => counted.split(/\s+/).length,
      });
      const prompt = messages[1]?.content ?? '';
      assert.equal(prompt.match(/<passage id="/g)?.length, 2, text);
      assert.equal(prompt.match(/<\/passage>/g)?.length, 2, text);
      assert.equal(prompt.match(/^<passage id="\d" title="[^"<>\n]*">$/gm)?.length, 2, text);
      assert.ok(prompt.endsWith(`</passage>\n\nQuestion: ${QUESTION}`));
      assert.doesNotMatch(prompt, /<\|[^|\n]+\|>|<｜|\[\/?INST\]|<<SYS>>|<start_of_turn>|<\/?s>/i, text);
      assert.doesNotMatch(prompt, /(?![\n\t])\p{Cc}|[\u200b\u202e\u{e0000}-\u{e0fff}]/u);
    }
  });

  test('keeps code as it is', () => {
    const code = 'if (a < b && c > d) { f<string>(x[1]); } // user <b>bold</b> |> pipe';
    const { messages } = buildPrompt({
      question: 'Why?',
      passages: [{ title: 'Code', headingPath: [], text: code }],
      budgetTokens: 1000,
      countTokens: (text) => text.length / 4,
    });
    assert.ok(messages[1]?.content.includes(code));
  });
});

test('the corpus has at least 100 documents, no two alike', () => {
  assert.ok(CORPUS.length >= 100, String(CORPUS.length));
  assert.equal(new Set(CORPUS.map(({ text }) => text)).size, CORPUS.length);
});
