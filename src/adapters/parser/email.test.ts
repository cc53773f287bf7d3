import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ParseResult } from '../../core/documents/parser.ts';
import { HoldfastError } from '../../core/errors.ts';
import { assertParsed } from './assert-parsed.ts';
import { formatOf, parseFile } from './registry.ts';

const FIXTURES = new URL('../../../test/fixtures/formats/mail/', import.meta.url);
const fixture = (name: string) => readFileSync(new URL(name, FIXTURES));

async function parse(bytes: Uint8Array, name = 'a.eml'): Promise<ParseResult> {
  const format = formatOf(name, bytes.subarray(0, 4096));
  assert.ok(format !== null);
  const result = await parseFile(format, { bytes, name });
  for (const document of result.documents) assertParsed(document);
  return result;
}

test('reads headers, text and quotes, and attachments as documents', async () => {
  const { documents, problems } = await parse(fixture('report.eml'));
  const [message, runs, question] = documents;
  assert.ok(message !== undefined && runs !== undefined && question !== undefined);
  assert.equal(documents.length, 3);
  assert.equal(message.recordKey, null);
  assert.equal(message.title, 'Wochenbericht – Sicherungen');
  assert.deepEqual(message.metadata, {
    from: 'Jürgen Müller <juergen@example.com>',
    to: 'Ada Example <ada@example.org>, ops@example.org',
    cc: 'Team, Storage <storage@example.org>',
    date: '2026-01-05T09:00:00.000Z',
    message_id: '<report-1@example.com>',
  });
  assert.deepEqual(assertParsed(message), [
    ['heading', 'Wochenbericht – Sicherungen'],
    [
      'paragraph',
      'From: Jürgen Müller <juergen@example.com>\nTo: Ada Example <ada@example.org>, ops@example.org\n' +
        'Cc: Team, Storage <storage@example.org>\nDate: 2026-01-05T09:00:00.000Z',
    ],
    ['paragraph', 'Alle Sicherungen liefen durch. Die längste dauerte 42 Minuten.'],
    ['quote', '> Wie lange dauerte die längste?\n> Gruss, Ada'],
  ]);
  assert.deepEqual(
    [runs.recordKey, runs.text],
    ['!/runs.csv', 'name: full | minutes: 42\nname: incremental | minutes: 3'],
  );
  assert.deepEqual([question.recordKey, question.title], ['!/question.eml', 'How long?']);
  assert.deepEqual(
    problems.map(({ recordKey, code }) => [recordKey, code]),
    [['!/.._chart.png', 'document_unsupported']],
  );
});

test('reads real messages with several encodings and parts', async () => {
  const lyrics = await parse(fixture('msg_10.eml'));
  const text = lyrics.documents[0]?.text ?? '';
  for (const part of [
    'This is a 7bit encoded message.',
    '¡This is a Quoted Printable encoded message!',
    'This is a Base64 encoded message.',
  ])
    assert.ok(text.includes(part), part);
  const digest = await parse(fixture('msg_02.eml'));
  assert.equal(digest.documents[0]?.title, 'Ppp digest, Vol 1 #2 - 5 msgs');
  assert.ok(digest.documents.some(({ text: one }) => one.includes('hello')));
  const fish = await parse(fixture('msg_07.eml'));
  assert.deepEqual(
    fish.problems.map(({ recordKey, code }) => [recordKey, code]),
    [['!/dingusfish.gif', 'document_unsupported']],
  );
});

test('reads a mailbox as its messages, by their ids', async () => {
  const { documents, problems } = await parse(fixture('list.mbox'), 'list.mbox');
  assert.deepEqual(problems, []);
  assert.deepEqual(
    documents.map(({ recordKey, title }) => [recordKey, title]),
    [
      ['r-1@example.org', 'Retention'],
      ['r-2@example.com', 'Re: Retention'],
      ['3', 'Thanks'],
    ],
  );
  assert.match(documents[0]?.text ?? '', /\nFrom the manual I only know the default\./);
});

test('tells mail by its first lines', () => {
  assert.equal(formatOf('saved', fixture('report.eml').subarray(0, 4096)), 'email');
  assert.equal(formatOf('inbox', fixture('list.mbox')), 'mbox');
  assert.equal(formatOf('notes', Buffer.from('From: here on\nall is well\n')), 'text');
});

const hasCode = (code: string) => (error: unknown) => error instanceof HoldfastError && error.code === code;

test('says why a message cannot be read', async () => {
  const parts = Array.from(
    { length: 100 },
    (_, at) => `--b${at}\r\nContent-Type: multipart/mixed; boundary=b${at + 1}\r\n\r\n`,
  );
  const deep = `Subject: x\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n${parts.join('')}`;
  await assert.rejects(parse(Buffer.from(deep)), hasCode('document_malformed'));
  const long = `X: ${'x'.repeat(600_000)}\r\nSubject: a\r\n\r\nb`;
  await assert.rejects(parse(Buffer.from(long)), hasCode('document_malformed'));
  await assert.rejects(parse(Buffer.from('X-Nothing: 1\r\n\r\n')), hasCode('document_empty'));
  await assert.rejects(parse(Buffer.from('no mail at all'), 'a.mbox'), hasCode('document_malformed'));
});

test('opens messages in messages down to a limit', async () => {
  let message = 'Subject: 0\r\n\r\nInnermost.\r\n';
  for (let depth = 1; depth < 8; depth++)
    message = `Subject: ${depth}\r\nContent-Type: message/rfc822\r\n\r\n${message}`;
  const { documents, problems } = await parse(Buffer.from(message));
  assert.ok(documents.length >= 3);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['document_unpack_limit'],
  );
});
