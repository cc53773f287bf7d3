import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError } from '../../core/errors.ts';
import { assertParsed } from './assert-parsed.ts';
import { subtitlesParser } from './subtitles.ts';

function paragraphs(text: string): readonly string[] {
  const [document] = subtitlesParser.parse({ text, name: 'talk.vtt' }).documents;
  assert.ok(document !== undefined);
  return assertParsed(document).map(([, line]) => line);
}

test('joins the cues of WebVTT into what is said, by speaker and pause', () => {
  const text = `WEBVTT - a talk

NOTE Not spoken.
Nor this.

STYLE
::cue { color: red }

intro
00:01.000 --> 00:03.500 align:start position:10%
<v Ada>Welcome to the <i>talk</i>
about backups.

00:03.600 --> 00:05.000
<v Ada>They run &amp; run.

00:05.000 --> 00:06.000
<v.loud Alan>How often?

01:00:20.000 --> 01:00:22.000
<v Alan>Daily, I think.
`;
  assert.deepEqual(paragraphs(text), [
    '00:00:01 – 00:00:05',
    'Ada: Welcome to the talk about backups. They run & run.',
    '00:00:05 – 00:00:06',
    'Alan: How often?',
    '01:00:20 – 01:00:22',
    'Alan: Daily, I think.',
  ]);
});

test('reads SubRip, also without blank lines and with captions that roll', () => {
  const text = `1
00:00:01,000 --> 00:00:02,000
{\\an8}<font color="#fff">One</font>
2
00:00:02,000 --> 00:00:03,000
One

3
00:00:03,000 --> 00:00:04,500
two.
`;
  assert.deepEqual(paragraphs(text), ['00:00:01 – 00:00:04', 'One two.']);
});

test('says so when there is no cue', () => {
  assert.throws(
    () => paragraphs('WEBVTT\n\nhello'),
    (error: unknown) =>
      error instanceof HoldfastError &&
      error.code === 'document_malformed' &&
      /talk\.vtt/.test(error.message),
  );
});
