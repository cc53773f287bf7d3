import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ParsedDocument } from '../../core/documents/document.ts';
import { HoldfastError } from '../../core/errors.ts';
import { asciidocParser } from './asciidoc.ts';
import { assertParsed } from './assert-parsed.ts';

const FIXTURES = new URL('../../../test/fixtures/formats/', import.meta.url);

async function parse(bytes: Uint8Array): Promise<ParsedDocument> {
  const { documents } = await asciidocParser.parseFile({ bytes, name: 'a.adoc' });
  assert.ok(documents[0] !== undefined);
  return documents[0];
}

test('reads sections, tables, lists and code, and includes no other file', async () => {
  const document = await parse(readFileSync(new URL('backup.adoc', FIXTURES)));
  assert.equal(document.title, 'Backups of the Warehouse');
  assert.equal(document.language, 'en');
  assert.deepEqual(document.metadata, { author: 'Ada Example', revnumber: '1.2', revdate: '2026-01-05' });
  assert.deepEqual(assertParsed(document), [
    ['heading', 'Backups of the Warehouse'],
    ['paragraph', 'This page says how Warehouse is backed up.[1] See how to restore.'],
    ['heading', 'Schedule'],
    ['paragraph', 'secrets.adoc'],
    ['paragraph', 'Table 1. When they run'],
    ['table', 'Name | Time\nfull | Sunday, 02:00\nincremental | daily'],
    ['table', 'Note | Times are in UTC.'],
    ['heading', 'Restoring'],
    ['list_item', '1. Stop the service.'],
    ['list_item', '2. Run the command:'],
    ['code', 'warehouse restore --from "{product}"'],
    ['list_item', '- Check it.'],
    ['list_item', 'term one'],
    ['list_item', 'Its meaning.'],
    ['quote', 'Nobody restores what was never tested.'],
    ['paragraph', '1. Since version 1.'],
  ]);
});

test('reads a real file as its reference text', async () => {
  const document = await parse(readFileSync(new URL('jetty.adoc', FIXTURES)));
  assertParsed(document);
  assert.equal(document.text, readFileSync(new URL('jetty.txt', FIXTURES), 'utf8').trimEnd());
});

test('ends on markup that is broken or nested without end', async () => {
  const hostile = [
    '|===\n'.repeat(500),
    `${'*'.repeat(2000)} x`,
    '[[['.repeat(1000),
    '====\n'.repeat(501),
    `= T\n\n${'{a}'.repeat(1000)}`,
  ];
  for (const text of hostile) assertParsed(await parse(Buffer.from(`${text}\n\nlast`)));
});

test('says that a file holds nothing but what a condition leaves out', async () => {
  await assert.rejects(
    parse(Buffer.from(`${'ifdef::a[]\n'.repeat(500)}x`)),
    (error: unknown) => error instanceof HoldfastError && error.code === 'document_empty',
  );
});
