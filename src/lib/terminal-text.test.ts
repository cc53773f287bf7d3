import assert from 'node:assert/strict';
import { test } from 'node:test';
import { terminalJson, terminalText } from './terminal-text.ts';

const ATTACKS = [
  '\u001b[2J\u001b[H', // clears the screen
  '\u001b]0;title\u0007', // sets the title
  '\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\', // a link under other words
  '\u001b]52;c;cm0gLXJmIH4=\u0007', // writes the clipboard
  '\u009b31m', // C1: the same as ESC [
  'safe\rrm -rf ~', // goes back and writes over
  'abc\u0008\u0008\u0008', // deletes
  'a\u202egnp.exe', // shows another order
];

test('a text cannot control a terminal', () => {
  for (const attack of ATTACKS) {
    const shown = terminalText(`before ${attack} after\n\tend`);
    assert.doesNotMatch(shown, /(?![\n\t])\p{Cc}|[\u202a-\u202e]/u);
    assert.match(shown, /^before .*after\n\tend$/s);
  }
});

test('JSON cannot either, and means the same', () => {
  for (const attack of ATTACKS) {
    const json = terminalJson(JSON.stringify({ text: attack }, null, 2));
    assert.doesNotMatch(json, /(?!\n)\p{Cc}|[\u202a-\u202e]/u);
    assert.deepEqual(JSON.parse(json), { text: attack });
  }
});

test('an ordinary text stays as it is', () => {
  const text = 'Zürich — 東京 › 👩🏽\u200d💻\n\t- a';
  assert.equal(terminalText(text), text);
  assert.equal(terminalJson(JSON.stringify(text)), JSON.stringify(text).replace('\u200d', '\\u200d'));
});
