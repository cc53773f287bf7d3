import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom, randomInteger } from '../../../test/random.ts';
import { Partition, type DocumentInput } from '../partition.ts';
import { LEXICAL_DEFAULTS } from './constants.ts';
import { LexicalScan } from './lexical-scan.ts';

const WORDS =
  'backup backups restore server port daily nightly database error-code v1.2.3 getUserName the of and'.split(
    ' ',
  );
const GERMAN = 'Sicherung Sicherungen Server Datenbank täglich und der die Fehler'.split(' ');

function text(random: () => number, words: readonly string[], length: number): string {
  return Array.from({ length }, () => words[randomInteger(random, words.length)] ?? '').join(' ');
}

function documents(seed: number, count: number): DocumentInput[] {
  const random = seededRandom(seed);
  const none = { values: new Int8Array(4), scale: 0 };
  return Array.from({ length: count }, (_, at) => {
    const isGerman = at % 7 === 3;
    const words = isGerman ? GERMAN : WORDS;
    return {
      key: at.toString(16).padStart(32, '0'),
      title: text(random, words, randomInteger(random, 3)),
      language: isGerman ? 'de' : 'en',
      fields: { even: at % 2 === 0 },
      passages: Array.from({ length: randomInteger(random, 4) }, () => ({
        headings: [text(random, words, 2)],
        body: text(random, words, randomInteger(random, 20)),
        vector: none,
      })),
    };
  });
}

describe('a lexical scan', () => {
  it('finds what an index of the same documents finds, with the same scores', () => {
    for (const seed of [1, 2, 3]) {
      const all = documents(seed, 60);
      const partition = new Partition({ dimensions: 4, constants: LEXICAL_DEFAULTS });
      for (const one of all) partition.add(one);
      for (const query of [
        'daily backup restore',
        'Sicherung Server',
        'getUserName v1.2.3',
        'nothing here',
        '',
      ]) {
        const scan = new LexicalScan(query, LEXICAL_DEFAULTS);
        // Germans first would be read before their words are known to be asked for; here the first is English.
        for (const one of all) scan.add({ ...one, isWanted: one.fields['even'] === true });
        assert.equal(scan.size, partition.passageCount);
        assert.deepEqual(
          scan.search(20),
          partition.searchLexical(query, { even: (value) => value === true }, 20),
          query,
        );
        assert.deepEqual(
          scan.terms().map(({ term, idf }) => [term, idf]),
          partition.queryTokens(query).map(({ term }) => [term, partition.idf(term)]),
        );
      }
    }
  });
});
