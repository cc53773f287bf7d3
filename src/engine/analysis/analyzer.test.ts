import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analyzerOf } from './analyzer.ts';

function terms(text: string, language = 'en'): string[] {
  return analyzerOf(language)
    .analyze(text)
    .map(({ term }) => term);
}

function queryTerms(text: string, language = 'en'): string[] {
  return analyzerOf(language)
    .analyzeQuery(text)
    .map(({ term }) => term);
}

describe('the analyser', () => {
  it('lowers, stems and leaves stop words out', () => {
    assert.deepEqual(terms('The Backups are running on the Servers'), ['backup', 'run', 'server']);
  });

  it('gives every term the place of its whole word', () => {
    const text = "The dogs' ParserError";
    const places = analyzerOf('en')
      .analyze(text)
      .map(({ term, start, end, isCompound }) => [term, text.slice(start, end), isCompound]);
    assert.deepEqual(places, [
      ['dog', 'dogs', false],
      ['parser', 'Parser', false],
      ['error', 'Error', false],
      ['parsererror', 'ParserError', true],
    ]);
  });

  it('reads one word the same in every spelling of its letters', () => {
    for (const spelling of ['café', 'cafe\u0301', 'CAFÉ', 'cafe', 'ｃａｆｅ'])
      assert.deepEqual(terms(spelling), terms('café'), spelling);
    assert.deepEqual(terms("don't"), terms('don’t'));
  });

  it('reads a number the same with and without separators of thousands', () => {
    assert.deepEqual(terms('1,000.50'), ['1000.50']);
    assert.deepEqual(terms('1,000.50'), terms('1000.50'));
  });

  it('keeps versions, addresses and identifiers whole beside their parts', () => {
    for (const [text, whole] of [
      ['v1.2.3', 'v1.2.3'],
      ['jane@example.com', 'jane@example.com'],
      ['HTTPServer', 'httpserver'],
    ] as const)
      assert.ok(terms(text).includes(whole), text);
  });

  for (const [language, one, other] of [
    ['de', 'Sicherungen', 'Sicherung'],
    ['de', 'Häuser', 'Haus'],
    ['fr', 'sauvegardes', 'sauvegarde'],
    ['fr', 'continuellement', 'continuelle'],
    ['es', 'copias', 'copia'],
    ['es', 'servidores', 'servidor'],
    ['pt', 'documentos', 'documento'],
    ['pt', 'cópias', 'cópia'],
    ['en', 'restoring', 'restored'],
    ['ar', 'كتابها', 'كتاب'],
    ['ca', 'còpies', 'còpia'],
    ['cs', 'zálohy', 'záloha'],
    ['da', 'medarbejderne', 'medarbejder'],
    ['eu', 'langileak', 'langilea'],
    ['fi', 'varmuuskopiot', 'varmuuskopioita'],
    ['ga', 'bhróg', 'bróg'],
    ['hu', 'dolgozónak', 'dolgozó'],
    ['hy', 'աշխատակիցները', 'աշխատակիցներ'],
    ['it', 'dipendenti', 'dipendente'],
    ['nl', 'werknemers', 'werknemer'],
    ['no', 'filene', 'filer'],
    ['nb', 'filene', 'filer'],
    ['ro', 'copiile', 'copii'],
    ['ru', 'сотрудники', 'сотрудник'],
    ['sl', 'varnostne', 'varnostna'],
    ['sv', 'anställda', 'anställd'],
    ['ta', 'ஊழியர்கள்', 'ஊழியர்'],
    ['tr', 'yedekler', 'yedek'],
  ] as const)
    it(`brings ${one} and ${other} to one stem (${language})`, () => {
      assert.equal(terms(one, language).length, 1);
      assert.deepEqual(terms(one, language), terms(other, language));
    });

  it('leaves out the stop words of the language alone', () => {
    assert.deepEqual(terms('die Sicherung', 'de').length, 1);
    assert.deepEqual(terms('die backup', 'en'), ['die', 'backup']);
    assert.deepEqual(terms('le serveur et la base', 'fr').length, 2);
  });

  it('keeps the words of a language without stemmer whole', () => {
    assert.deepEqual(terms('backups running', 'xx'), ['backups', 'running']);
  });

  it('cuts a very long word to a term of bounded length', () => {
    assert.deepEqual(terms('x'.repeat(500)), ['x'.repeat(64)]);
  });

  it('has no terms for an empty text or one of signs', () => {
    for (const text of ['', '   ', '!? ...', '\u200d']) assert.deepEqual(terms(text), []);
  });
});

describe('the analyser of questions', () => {
  it('leaves out the words that only ask', () => {
    assert.deepEqual(queryTerms('How can I restore a backup?'), ['restor', 'backup']);
    assert.deepEqual(queryTerms('Wie kann ich eine Sicherung erstellen?', 'de').length, 2);
  });

  it('keeps those words when it indexes', () => {
    assert.deepEqual(terms('who can'), ['who', 'can']);
  });

  it('takes a question of such words alone as it stands', () => {
    assert.deepEqual(queryTerms('How do you do?'), terms('How do you do?'));
    assert.ok(queryTerms('Who?').length > 0);
  });

  it('agrees with the index on every other word', () => {
    const text = 'HTTPServer v1.2.3 restoring café データ';
    assert.deepEqual(queryTerms(text), terms(text));
  });
});

describe('the analyser of scripts without spaces', () => {
  it('keeps the marks that make other letters', () => {
    assert.deepEqual(terms('データ', 'ja'), ['デー', 'ータ']);
    assert.deepEqual(terms('ที่นี่', 'th'), ['นี่']);
    assert.deepEqual(terms('café'), ['cafe']);
  });

  for (const [language, question, text] of [
    ['zh', '水', '饮水机'],
    ['ja', '鍵はどこですか？', '合鍵'],
    ['ko', '물은 어디에 있나요?', '물을 마신다'],
    ['th', 'ลืมรหัสผ่านแล้วทำอย่างไร', 'ถ้าลืมรหัสผ่าน'],
  ] as const)
    it(`finds a single word beside other particles: ${question} in ${text}`, () => {
      const found = new Set(terms(text, language));
      assert.ok(queryTerms(question, language).some((term) => found.has(term)));
    });

  it('asks for a character only where it stands alone', () => {
    assert.deepEqual(queryTerms('数据库', 'zh'), ['数据', '据库']);
    assert.deepEqual(terms('数据库', 'zh'), ['数', '数据', '据', '据库', '库']);
  });

  it('leaves out the pairs that only ask', () => {
    assert.deepEqual(queryTerms('什么时候备份？', 'zh'), ['候备', '备份']);
    assert.deepEqual(queryTerms('バックアップはいつですか？', 'ja').slice(-2), ['プは', 'はい']);
    assert.deepEqual(queryTerms('백업은 언제인가요?', 'ko'), ['백업', '업은', '제인']);
  });
});
