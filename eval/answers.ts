import { existsSync, readFileSync } from 'node:fs';
import { loadSet, type LoadedSet } from '../src/app/evaluate.ts';
import type { EvaluationQuery } from '../src/app/evaluation-set.ts';
import type { AskResponse } from '../src/core/answer/answer.ts';
import { sentenceSpans } from '../src/core/documents/sentences.ts';
import { locateSet } from './locate.ts';
import { table } from './report.ts';
import type { Context } from './retrieval.ts';

const QUESTIONS = 1000;
const NEVER = new AbortController().signal;

/** Extractive answers and refusals. */
export async function answerTables(context: Context): Promise<string> {
  const rows: string[][] = [];
  const squadFolder = locateSet('squad2-dev');
  const squad = squadFolder === null ? null : await loadSet(squadFolder, context);
  const docsFolder = locateSet('claude-docs');
  const codeFolder = locateSet('contextual-code');
  try {
    if (squad !== null && squadFolder !== null) rows.push(...(await squadRows(squad, squadFolder)));
    for (const [name, folder] of [
      ['claude-docs', docsFolder],
      ['contextual-code', codeFolder],
    ] as const) {
      if (folder === null) continue;
      await using own = await loadSet(folder, context);
      if (squad !== null) rows.push(...(await crossRow(own, squad, name)));
      rows.push(...(await citationRows(own, name)));
    }
  } finally {
    await squad?.[Symbol.asyncDispose]();
  }
  return [
    '## Answers',
    '',
    `Extractive answers of at most 400 characters. A gold answer counts when its normalised text (lower case, without punctuation and articles) is inside the normalised answer. Weights and thresholds were chosen on the questions of squad2-dev after the first ${QUESTIONS} and on the other sets.`,
    '',
    table(['measure', 'questions', 'measured', 'to reach'], rows),
  ].join('\n');
}

async function squadRows(squad: LoadedSet, folder: string): Promise<string[][]> {
  process.stderr.write('answers: squad2-dev\n');
  const questions = squad.set.queries.slice(0, QUESTIONS);
  let inside = 0;
  let first = 0;
  let refused = 0;
  let longest = 0;
  for (const question of questions) {
    const response = await ask(squad, question.text);
    const golds = (
      question.metadata as { readonly answers: readonly { readonly text: string }[] }
    ).answers.map(({ text }) => normalise(text));
    const quotes = response.citations.map(({ quote }) => quote);
    longest = Math.max(
      longest,
      quotes.reduce((sum, quote) => sum + quote.length, 0),
    );
    if (response.answer.refused) refused++;
    if (holds(quotes.join(' '), golds)) inside++;
    if (holds(firstSentence(quotes[0] ?? ''), golds)) first++;
  }
  const share = (count: number): string => percent(count, questions.length);
  return [
    ['squad2-dev: gold answer inside the answer', String(questions.length), share(inside), 'at least 84 %'],
    [
      'squad2-dev: gold answer inside the first sentence',
      String(questions.length),
      share(first),
      'at least 75 %',
    ],
    ['squad2-dev: longest answer, characters', String(questions.length), String(longest), 'at most 400'],
    ['squad2-dev: refused although answerable', String(questions.length), share(refused), 'at most 5 %'],
    ...(await unanswerableRow(squad, folder)),
  ];
}

function firstSentence(quote: string): string {
  const [span] = sentenceSpans(quote);
  return span === undefined ? quote : quote.slice(span.start, span.end);
}

async function unanswerableRow(squad: LoadedSet, folder: string): Promise<string[][]> {
  const file = `${folder}/queries.unanswerable.jsonl`;
  if (!existsSync(file)) return [];
  const questions = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, QUESTIONS)
    .map((line) => JSON.parse(line) as EvaluationQuery);
  return [
    [
      'squad2-dev: unanswerable twins of its questions refused',
      String(questions.length),
      percent(await countRefused(squad, questions), questions.length),
      'report',
    ],
  ];
}

async function crossRow(own: LoadedSet, squad: LoadedSet, name: string): Promise<string[][]> {
  process.stderr.write(`answers: squad2-dev questions asked of ${name}\n`);
  const questions = squad.set.queries.slice(0, QUESTIONS);
  const target = name === 'claude-docs' ? 'at least 90 %' : 'report';
  return [
    [
      `squad2-dev questions asked of ${name}: refused`,
      String(questions.length),
      percent(await countRefused(own, questions), questions.length),
      target,
    ],
  ];
}

async function citationRows(own: LoadedSet, name: string): Promise<string[][]> {
  process.stderr.write(`answers: ${name}\n`);
  let relevant = 0;
  let refused = 0;
  for (const question of own.set.queries) {
    const { answer, citations } = await ask(own, question.text);
    if (answer.refused) refused++;
    const [citation] = citations;
    if (
      citation !== undefined &&
      (own.set.judgements.get(question._id)?.get(own.externalId(citation.documentId)) ?? 0) > 0
    )
      relevant++;
  }
  const total = own.set.queries.length;
  return [
    [`${name}: first citation is a relevant document`, String(total), percent(relevant, total), 'report'],
    [`${name}: refused although answerable`, String(total), percent(refused, total), 'report'],
  ];
}

async function countRefused(loaded: LoadedSet, questions: readonly EvaluationQuery[]): Promise<number> {
  let refused = 0;
  for (const { text } of questions) if ((await ask(loaded, text)).answer.refused) refused++;
  return refused;
}

async function ask({ service, scope }: LoadedSet, query: string): Promise<AskResponse> {
  const { tenant, collection } = scope;
  return service.ask(
    { tenant, query, collections: [collection], filter: {}, topK: 10, mode: 'hybrid', maxAnswerChars: 400 },
    NEVER,
  );
}

function percent(count: number, total: number): string {
  return `${((100 * count) / Math.max(1, total)).toFixed(1)} %`;
}

function holds(answer: string, golds: readonly string[]): boolean {
  const normalised = normalise(answer);
  return golds.some((gold) => gold !== '' && normalised.includes(gold));
}

/** As in the script that SQuAD is scored with. */
function normalise(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[\p{P}\p{S}]/gu, '')
    .replaceAll(/\b(?:a|an|the)\b/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
