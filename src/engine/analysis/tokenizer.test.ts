import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomInteger, randomItem, seededRandom } from '../../../test/random.ts';
import { tokenize } from './tokenizer.ts';

interface Found {
  readonly start: number;
  readonly end: number;
  readonly kind: 'word' | 'compound' | 'character' | 'alone';
}

function tokensOf(text: string): Found[] {
  const found: Found[] = [];
  tokenize(text, {
    word: (start, end) => void found.push({ start, end, kind: 'word' }),
    compound: (start, end) => void found.push({ start, end, kind: 'compound' }),
    character: (start, end, isAlone) =>
      void found.push({ start, end, kind: isAlone ? 'alone' : 'character' }),
  });
  return found;
}

const MARKS = { word: '', compound: '=', character: '.', alone: '!' } as const;

/** Words as they stand in the text; `=` before compounds, `.` before characters, `!` before those that stand alone. */
function words(text: string): string {
  return tokensOf(text)
    .map(({ start, end, kind }) => `${MARKS[kind]}${text.slice(start, end)}`)
    .join(' ');
}

const TABLE: Readonly<Record<string, readonly (readonly [text: string, words: string])[]>> = {
  'plain words': [
    ['Backups run daily.', 'Backups run daily'],
    ['one,two;three (four)', 'one two three four'],
    ['', ''],
    [' \n\t ', ''],
    ['... -- !?', ''],
  ],
  'identifiers, cut and whole': [
    ['camelCase', 'camel Case =camelCase'],
    ['PascalCase', 'Pascal Case =PascalCase'],
    ['HTTPServer', 'HTTP Server =HTTPServer'],
    ['parseHTTPResponse', 'parse HTTP Response =parseHTTPResponse'],
    ['snake_case_name', 'snake case name =snake_case_name'],
    ['MAX_BODY_BYTES', 'MAX BODY BYTES =MAX_BODY_BYTES'],
    ['kebab-case', 'kebab case =kebab-case'],
    ['__init__', 'init'],
    ['sha256', 'sha256'],
    ['HTTP', 'HTTP'],
  ],
  'files and paths': [
    ['file.ext', 'file ext =file.ext'],
    ['src/engine/top-k.ts', 'src engine top k ts =top-k.ts'],
    ['C:\\Temp\\x.dll', 'C Temp x dll =x.dll'],
    ['a.b.', 'a b =a.b'],
  ],
  'numbers, versions and dates': [
    ['v1.2.3', 'v1 2 3 =v1.2.3'],
    ['1.2.3', '1.2.3'],
    ['1,000.50', '1,000.50'],
    ['3.14', '3.14'],
    ['10.0.0.1', '10.0.0.1'],
    ['2024-01-31', '2024 01 31 =2024-01-31'],
    ['31.12.2024', '31.12.2024'],
    ['10:30', '10 30'],
    ['1, 2', '1 2'],
  ],
  addresses: [
    ['jane.doe@example.com', 'jane doe example com =jane.doe@example.com'],
    ['https://example.com/a-b', 'https example com =example.com a b =a-b'],
  ],
  apostrophes: [
    ["don't", "don't"],
    ['don’t', 'don’t'],
    ["O'Reilly", 'O Reilly'],
    ['O’Reilly', 'O Reilly'],
    ["dog's", 'dog'],
    ['dog’s', 'dog'],
    ["DOG'S", 'DOG'],
    ["dogs' tails", 'dogs tails'],
    ["l'homme", 'l homme'],
    ['l’homme', 'l homme'],
    ["aujourd'hui", "aujourd'hui"],
    ["'quoted'", 'quoted'],
    ["jane.doe's car", 'jane doe =jane.doe car'],
  ],
  'Chinese, Japanese and Korean, as pairs and characters': [
    ['日', '日'],
    ['日本', '.日 日本 .本'],
    ['日本語', '.日 日本 .本 本語 .語'],
    ['日本語English文書', '.日 日本 .本 本語 .語 English .文 文書 .書'],
    ['版本3.5发布', '.版 版本 .本 3.5 .发 发布 .布'],
    ['鍵は', '!鍵 鍵は'],
    ['合鍵を', '.合 合鍵 .鍵 鍵を'],
    ['データ', 'デー ータ'],
    ['한국어 문서', '한국 국어 !문 문서'],
    ['물', '물'],
    ['물은', '!물 물은'],
  ],
  'Thai, Lao, Khmer and Burmese, as words': [
    ['ภาษาไทย', 'ภาษา ไทย'],
    ['สำรองข้อมูล 30 วัน', 'สำรอง ข้อมูล 30 วัน'],
    ['ไฟล์backup.zip', 'ไฟล์ backup zip =backup.zip'],
    ['ພາສາລາວ', 'ພາສາ ລາວ'],
    ['សួស្តីពិភពលោក', 'សួស្តី ពិភពលោក'],
    ['မြန်မာစာ', 'မြန်မာ စာ'],
  ],
  'other letters': [
    ['Ünïcödé', 'Ünïcödé'],
    ['e\u0301te\u0301', 'e\u0301te\u0301'],
    ['λόγος-μύθος', 'λόγος μύθος =λόγος-μύθος'],
    ['𝒳𝒴 z', '𝒳𝒴 z'],
  ],
};

describe('the tokenizer', () => {
  for (const [kind, rows] of Object.entries(TABLE))
    for (const [text, expected] of rows)
      it(`reads ${kind}: ${JSON.stringify(text)}`, () => {
        assert.equal(words(text), expected);
      });

  it('takes a very long word as one, and no compound of many parts', () => {
    const long = 'x'.repeat(1_000_000);
    assert.deepEqual(tokensOf(long), [{ start: 0, end: 1_000_000, kind: 'word' }]);
    const chain = 'ab.'.repeat(100_000);
    const found = tokensOf(chain);
    assert.equal(found.length, 100_000);
    assert.ok(found.every(({ kind }) => kind === 'word'));
  });

  it('ends on any text, with spans in range and in order, and leaves no letter out', () => {
    const random = seededRandom(11);
    for (let round = 0; round < 10_000; round++) checkText(nastyText(random));
  });

  it('reads a text of a million nasty characters', () => {
    const random = seededRandom(12);
    const text = Array.from({ length: 50_000 }, () => nastyText(random)).join('');
    checkText(text);
  });
});

const ALPHABET = [
  ...'aZs09',
  ..."._-@'’,/\\ \n\0",
  ...'é\u0301ßİǅ日本ー한국ไ์ทย',
  '😀',
  '\ud800',
  '\udc00',
  '𠀀',
  '\u200d',
  '\ufeff',
  '٣',
  "'s",
  'aB',
  'AAb',
] as unknown as readonly [string, ...string[]];

function nastyText(random: () => number): string {
  return Array.from({ length: randomInteger(random, 40) }, () => randomItem(random, ALPHABET)).join('');
}

function checkText(text: string): void {
  const found = tokensOf(text);
  const shown = text.length < 200 ? JSON.stringify(text) : 'a long text';
  let last = { start: -1, end: 0 };
  for (const token of found) {
    assert.ok(token.start >= 0 && token.start < token.end && token.end <= text.length, `range of ${shown}`);
    if (token.kind === 'compound')
      assert.ok(token.end >= last.end && token.start <= last.start, `compound of ${shown}`);
    else if (token.kind !== 'word') assert.ok(token.start >= last.start, `character of ${shown}`);
    else {
      assert.ok(token.start > last.start && token.end > last.end, `order of ${shown}`);
      assertNothingLeftOut(text.slice(last.end, token.start), shown);
      last = token;
    }
  }
  assertNothingLeftOut(text.slice(last.end), shown);
}

/** Between words there are no letters or digits, but for what follows an apostrophe: a possessive. */
function assertNothingLeftOut(gap: string, shown: string): void {
  assert.doesNotMatch(gap.replace(/^['’][^'’]/u, ''), /[\p{L}\p{N}]/u, `a gap in ${shown}`);
}
