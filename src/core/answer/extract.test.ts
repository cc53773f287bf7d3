import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChunkId } from '../documents/ids.ts';
import { sentenceSpans } from '../documents/sentences.ts';
import type { AnalyzedTerm } from '../retrieval/text-analysis.ts';
import { EXTRACT_DEFAULTS, extractAnswer } from './extract.ts';
import type { ExtractInput, Extraction, ExtractTools, Passage } from './extraction.ts';

const STOP_WORDS = new Set(
  'the a an is are was were of in on to by what when who how which does do did i it'.split(' '),
);

function terms(text: string): AnalyzedTerm[] {
  return [...text.matchAll(/[\p{L}\p{N}]+/gu)].flatMap((match) => {
    const word = match[0].toLowerCase();
    const term = word.replace(/(?:ed|ing|s)$/, '');
    return STOP_WORDS.has(word) ? [] : [{ term, start: match.index, end: match.index + word.length }];
  });
}

/** A bag of words hashed into 64 places: as the static model, without its knowledge. */
function embed(text: string): Float32Array {
  const vector = new Float32Array(64);
  for (const { term } of terms(text)) {
    let hash = 7;
    for (const character of term) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 64;
    vector[hash] = (vector[hash] ?? 0) + 1;
  }
  const norm = Math.hypot(...vector);
  return norm === 0 ? vector : vector.map((value) => value / norm);
}

const tools: ExtractTools = { terms, embed, sentenceSpans };

type Given = Partial<Passage> & { readonly text: string };

function ask(query: string, given: readonly Given[], maxChars = EXTRACT_DEFAULTS.maxChars): Extraction {
  const passages = given.map((passage, at): Passage => ({
    chunkId: `chunk-${at}` as ChunkId,
    start: 0,
    language: 'en',
    title: '',
    headingPath: [],
    score: 1 - at / 10,
    ...passage,
  }));
  const known = new Set(
    passages.flatMap(({ text, title }) => terms(`${title}\n${text}`).map(({ term }) => term)),
  );
  const queryTerms = terms(query).map((term) => Object.assign(term, { idf: known.has(term.term) ? 3 : 0 }));
  const input: ExtractInput = { query, queryTerms, unknownIdf: 6, passages };
  return extractAnswer(input, tools, { ...EXTRACT_DEFAULTS, maxChars });
}

function quotesOf(extraction: Extraction): string[] {
  return extraction.quotes.map(({ quote }) => quote);
}

const BACKUPS =
  'Backups\n\nBackups run daily at 02:00. They are kept for 30 days.\n\nRestores are tested every month by the operations team.';

test('quotes the sentence that answers first', () => {
  const [first] = quotesOf(
    ask('When do backups run?', [{ text: BACKUPS, title: 'Operations', headingPath: ['Backups'] }]),
  );
  assert.ok(first?.startsWith('Backups run daily at 02:00.'), first);
});

test('quotes are slices of the version text', () => {
  const before = 'Something else stands before the chunk.\n\n';
  const extraction = ask('Who tests the restores?', [{ text: BACKUPS, start: before.length }]);
  assert.equal(extraction.refused, false);
  for (const { start, end, quote } of extraction.quotes)
    assert.equal((before + BACKUPS).slice(start, end), quote);
});

test('headings and navigation are never quoted', () => {
  const text =
    'Install Guide\n\nInstall the Server Configure the Cluster Upgrade a Node Remove Old Backups\n\nThe server is installed by the package manager of the system.';
  const quotes = quotesOf(ask('How is the server installed?', [{ text, title: 'Install Guide' }]));
  assert.deepEqual(quotes, ['The server is installed by the package manager of the system.']);
});

test('a heading with a stop is known by the heading path', () => {
  const text = 'Why are backups encrypted?\n\nBackups are encrypted because disks get stolen from offices.';
  const quotes = quotesOf(
    ask('Why are backups encrypted?', [{ text, headingPath: ['Why are backups encrypted?'] }]),
  );
  assert.deepEqual(quotes, ['Backups are encrypted because disks get stolen from offices.']);
});

test('a date wins where the question asks when', () => {
  const text =
    'The harbour bridge was opened with a great ceremony by the mayor. Traffic on the harbour bridge grew quickly. The bridge was opened in March 1932 after eight years of work.';
  const [first] = quotesOf(ask('When was the harbour bridge opened?', [{ text, title: 'Harbour' }]));
  assert.ok(first?.includes('1932'), first);
});

test('a sentence with a pronoun is helped by the sentence before it', () => {
  const text =
    'The cache holds recent answers of the service for every tenant. It expires after 15 minutes of silence. A red light shows that the disk is full.';
  const quotes = quotesOf(ask('How many minutes does the cache hold answers?', [{ text }]));
  assert.ok(quotes.join(' ').includes('It expires after 15 minutes'), quotes.join(' | '));
});

test('a code block is quoted whole', () => {
  const code = 'holdfast serve --port 8600 \\\n  --data /var/lib/holdfast';
  const text = `To start the server with a data folder, use the command:\n\n${code}\n\nThe server then listens on the port.`;
  const quotes = quotesOf(ask('Which command starts the server with a data folder?', [{ text }]));
  assert.ok(
    quotes.some((quote) => quote.includes(code)),
    quotes.join(' | '),
  );
});

test('a command on a line of its own is quoted, a heading is not', () => {
  const text = 'Install\n\nnpm install holdfast\n\nIt installs the server and its model on this machine.';
  const quotes = quotesOf(ask('Which command does install holdfast?', [{ text }]));
  assert.equal(quotes[0], 'npm install holdfast');
  assert.ok(!quotes.includes('Install'));
});

test('a list that a colon announces is quoted with its introduction', () => {
  const text =
    'The server needs these ports:\n\n- 8600 for the API\n- 8601 for metrics\n\nOther ports stay closed.';
  const [first] = quotesOf(ask('Which ports does the server need?', [{ text }]));
  assert.equal(first, 'The server needs these ports:\n\n- 8600 for the API\n- 8601 for metrics');
});

test('a table row is quoted whole', () => {
  const text =
    'setting | default | meaning\nport | 8600 | where the server listens\ntimeout | 30 | seconds before a query fails';
  const [first] = quotesOf(ask('What is the default timeout of a query?', [{ text, title: 'Settings' }]));
  assert.equal(first, 'timeout | 30 | seconds before a query fails');
});

test('an unrelated question is refused with its confidence', () => {
  const extraction = ask('Which country won the football tournament in 1998?', [{ text: BACKUPS }]);
  assert.equal(extraction.refused, true);
  assert.equal(extraction.refused && extraction.reason, 'not_answered');
  assert.ok(extraction.confidence < 0.5);
});

test('without passages there is nothing to answer from', () => {
  assert.deepEqual(ask('What is a chunk?', []), {
    refused: true,
    reason: 'no_results',
    quotes: [],
    confidence: 0,
  });
});

test('passages without a quotable unit are refused', () => {
  assert.equal(ask('Backups', [{ text: 'Backups', title: 'Backups' }, { text: '' }]).refused, true);
});

test('quotes stay within the limit together', () => {
  const text = Array.from(
    { length: 12 },
    (_, at) => `Backups of region ${at} run daily at ${at}:00 in the morning.`,
  ).join(' ');
  for (const maxChars of [60, 120, 400]) {
    const quotes = quotesOf(ask('When do backups of region 7 run daily?', [{ text }], maxChars));
    assert.ok(quotes.length > 0, String(maxChars));
    assert.ok(quotes.join(' ').length <= maxChars);
  }
});

test('a sentence longer than the limit is cut at clause borders', () => {
  const clauses = Array.from(
    { length: 30 },
    (_, at) => `the conductor ${'ABCDEFGHIJ'[at % 10]}${at} led orchestra number ${at}`,
  );
  const text = `Famous people: ${clauses.join('; ')}.`;
  const extraction = ask('Which conductor led orchestra number 17?', [{ text }]);
  const [first] = quotesOf(extraction);
  assert.ok(first?.includes('the conductor H17 led orchestra number 17'), first);
  assert.match(first ?? '', /^(?:Famous|the conductor)/);
  assert.ok((first?.length ?? 0) <= 400);
});

test('long code is cut at line ends', () => {
  const code = Array.from(
    { length: 40 },
    (_, at) => `function handler${at}(request) {\n  return respond(request, ${at});\n}`,
  ).join('\n');
  const [first] = quotesOf(ask('What does the function handler23 return?', [{ text: code }]));
  assert.ok(first?.includes('function handler23(request) {\n  return respond(request, 23);\n}'), first);
  assert.ok(code.split('\n').includes(first?.split('\n').at(-1) ?? ''));
});

test('the same words are quoted once', () => {
  const text = 'Snapshots are written every hour to the data folder.';
  const quotes = quotesOf(ask('When are snapshots written?', [{ text }, { text: `${text}\n` }]));
  assert.deepEqual(quotes, [text]);
});

test('answers in Portuguese and Chinese', () => {
  const portuguese = ask('Quando são feitas as cópias de segurança?', [
    { text: 'As cópias de segurança são feitas todos os dias às 02:00. O disco é pequeno.', language: 'pt' },
  ]);
  assert.ok(quotesOf(portuguese)[0]?.includes('às 02:00.'));
  const text = '备份每天凌晨两点运行，保留三十天。磁盘已满时，服务停止写入。';
  assert.deepEqual(quotesOf(ask('备份每天凌晨两点运行，保留三十天', [{ text, language: 'zh' }])), [
    '备份每天凌晨两点运行，保留三十天。',
  ]);
});

test('a question without a known word of the model is judged by its words', () => {
  const blind = { ...tools, embed: () => new Float32Array(64) };
  const queryTerms = terms('backups run').map((term) => Object.assign(term, { idf: 3 }));
  const passage = {
    chunkId: 'c' as ChunkId,
    text: BACKUPS,
    start: 0,
    language: 'en',
    title: '',
    headingPath: [],
    score: 1,
  };
  const input = { query: 'backups run', queryTerms, unknownIdf: 6, passages: [passage] };
  assert.equal(extractAnswer(input, blind).refused, false);
});

test('an example that only repeats the question is not an answer', () => {
  const example = 'npx holdfast ask "When do backups run?"';
  const extraction = ask('When do backups run?', [{ text: `${example}\n\n${BACKUPS}` }]);
  assert.ok(quotesOf(extraction).length > 0);
  assert.ok(!quotesOf(extraction).some((quote) => quote.includes('npx holdfast')));
});
