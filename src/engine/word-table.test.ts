import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WordTable } from './word-table.ts';

describe('a table of words', () => {
  it('asks once for each word, wherever it stands, and for ASCII in any case', () => {
    const asked: string[] = [];
    const table = new WordTable((word) => asked.push(word), 100);
    const text = 'one two One ONE TWO Übel übel';
    const found = [...text.matchAll(/\S+/g)].map(({ index, 0: word }) =>
      table.of(text, index, index + word.length),
    );
    assert.deepEqual(asked, ['one', 'two', 'Übel', 'übel']);
    assert.deepEqual(found, [1, 2, 1, 1, 2, 3, 4]);
  });

  it('tells thousands of words apart, the empty one and long ones too', () => {
    const table = new WordTable((word) => word, 50_000);
    const words = ['', ...Array.from({ length: 20_000 }, (_, at) => `w${at}`), 'x'.repeat(500_000)];
    for (let round = 0; round < 2; round++)
      for (const word of words) assert.equal(table.of(`(${word})`, 1, 1 + word.length), word);
  });

  it('forgets all words when it is full, and asks again', () => {
    let asked = 0;
    const table = new WordTable(() => ++asked, 3);
    for (const word of ['a', 'b', 'c', 'a', 'd', 'a', 'd']) table.of(word, 0, 1);
    assert.equal(asked, 5);
  });
});
