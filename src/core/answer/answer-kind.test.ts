import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedAnswer } from './answer-kind.ts';

const kindOf = (question: string): string | null => expectedAnswer(question)?.kind ?? null;

test('the interrogative tells what is asked for', () => {
  assert.equal(kindOf('When was the bridge opened?'), 'date');
  assert.equal(kindOf('In what year did it open?'), 'date');
  assert.equal(kindOf('Who wrote the manual?'), 'person');
  assert.equal(kindOf('Where are backups stored?'), 'place');
  assert.equal(kindOf('Which country is it in?'), 'place');
  assert.equal(kindOf('How many nodes are needed?'), 'number');
  assert.equal(kindOf('What is the maximum upload size?'), 'number');
  assert.equal(kindOf('What percentage of users agree?'), 'percentage');
  assert.equal(kindOf('How much does a licence cost?'), 'money');
  assert.equal(kindOf('Why does it refuse?'), 'reason');
  assert.equal(kindOf('Which command starts the server?'), 'code');
  assert.equal(kindOf('What is a chunk?'), null);
});

test('a word that only joins clauses asks for nothing', () => {
  assert.equal(kindOf('What happens when the disk is full?'), null);
  assert.equal(kindOf('What does the user who owns the folder see?'), null);
});

test('other languages ask too', () => {
  assert.equal(kindOf('Quando foi aberta a ponte?'), 'date');
  assert.equal(kindOf('Wer hat das geschrieben?'), 'person');
  assert.equal(kindOf('Combien de nœuds faut-il ?'), 'number');
});

test('what is counted is known by its first letters', () => {
  assert.equal(expectedAnswer('How many replicas are there?')?.counted, 'replic');
});
