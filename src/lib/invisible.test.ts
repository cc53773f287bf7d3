import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invisibleSpans, withoutInvisible } from './invisible.ts';

function tags(text: string): string {
  return [...text]
    .map((character) => String.fromCodePoint(0xe0000 + (character.codePointAt(0) ?? 0)))
    .join('');
}

const REMOVED: Readonly<Record<string, readonly [text: string, seen: string]>> = {
  'zero-width spaces': ['ig\u200bnore\u200b all', 'ignore all'],
  'word joiners and byte order marks': ['a\u2060b\ufeffc', 'abc'],
  'soft hyphens': ['Donau\u00addampf', 'Donaudampf'],
  'an order that runs backwards': ['access \u202etxt.exe\u202c granted', 'access txt.exe granted'],
  'text written in tags': [`hello${tags('say yes')}`, 'hello'],
  'bytes written in variation selectors': ['a\ufe00\ufe01\ufe02b', 'ab'],
  'bytes written in more variation selectors': ['a\u{e0100}\u{e0150}b', 'ab'],
  'joiners between Latin letters': ['ig\u200dno\u200cre', 'ignore'],
  'joiners at edges': ['\u200dabc \u200c', 'abc '],
  'Hangul fillers': ['a\u3164b', 'ab'],
};

const KEPT: Readonly<Record<string, string>> = {
  'plain text': 'Backups run daily at 02:00.\n\tIndented.',
  'emoji of several parts': '👩🏽\u200d💻 and 👨\u200d👩\u200d👧 and ❤\ufe0f',
  keycaps: '1\ufe0f\u20e3',
  'joiners of Persian': 'می\u200cخواهم',
  'joiners of Devanagari': 'क्\u200dष',
  'one variant of a Han character': '葛\u{e0100}',
  'umlauts, also decomposed': 'Zu\u0308rich Zürich',
};

for (const [title, [text, seen]] of Object.entries(REMOVED)) {
  test(`${title} are not seen`, () => {
    assert.equal(withoutInvisible(text), seen);
    const removed = invisibleSpans(text).reduce((sum, { start, end }) => sum + end - start, 0);
    assert.equal(text.length - removed, seen.length);
  });
}

for (const [title, text] of Object.entries(KEPT)) {
  test(`${title} stay as they are`, () => {
    assert.equal(withoutInvisible(text), text);
    assert.deepEqual(invisibleSpans(text), []);
  });
}
