import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { queryTokensOf } from './query-tokens.ts';

function terms(languages: Readonly<Record<string, number>>, question: string): string[] {
  return queryTokensOf(new Map(Object.entries(languages)), question).map(({ term }) => term);
}

const MIXED = { en: 900, fr: 500, pt: 400, it: 300, nl: 200, de: 3 };

describe('the terms of a question', () => {
  it('are those of the language of a collection that has one', () => {
    assert.deepEqual(terms({ de: 5 }, 'Wie lange werden Sicherungen aufbewahrt?'), [
      'lang',
      'sicher',
      'aufbewahrt',
    ]);
  });

  it('are in the own language first, however rare it is in the collection', () => {
    const found = terms(MIXED, 'Wie lange werden Sicherungen aufbewahrt?');
    assert.deepEqual(found.slice(0, 3), ['lang', 'sicher', 'aufbewahrt']);
  });

  it('are in other languages too, so that a name is found in any document', () => {
    const found = terms({ en: 900, de: 3 }, 'Wie viele Kubernetes Container werden betrieben?');
    assert.ok(found.includes('kubernet') && found.includes('contain'));
  });

  it('leave out in all languages what the own language leaves out', () => {
    const found = terms(MIXED, 'Wie lange werden die Sicherungen aufbewahrt?');
    for (const word of ['wie', 'werden', 'die']) assert.ok(!found.includes(word), word);
  });

  it('are in all languages of the collection when the question does not tell', () => {
    assert.ok(terms(MIXED, 'Sicherungen').includes('sicher'));
  });

  it('are none in an empty collection', () => {
    assert.deepEqual(terms({}, 'Where is it?'), []);
  });
});
