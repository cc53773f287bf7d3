import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError } from '../../core/errors.ts';
import { decodeText, looksTextual, normaliseText } from './decode.ts';

const SAMPLE = 'Grüße, 世界\nsecond line\n';

function utf16(text: string, isBigEndian: boolean): Buffer {
  const bytes = Buffer.from(text, 'utf16le');
  return isBigEndian ? bytes.swap16() : bytes;
}

function hasCode(code: string, pattern: RegExp) {
  return (error: unknown) =>
    error instanceof HoldfastError && error.code === code && pattern.test(error.message);
}

test('reads UTF-8 with and without a byte order mark', () => {
  assert.equal(decodeText(Buffer.from(SAMPLE), 'a.txt'), SAMPLE);
  assert.equal(decodeText(Buffer.from(`\ufeff${SAMPLE}`), 'a.txt'), SAMPLE);
});

test('reads UTF-16 of both byte orders with and without a byte order mark', () => {
  for (const isBigEndian of [false, true]) {
    assert.equal(decodeText(utf16(SAMPLE, isBigEndian), 'a.txt'), SAMPLE);
    assert.equal(decodeText(utf16(`\ufeff${SAMPLE}`, isBigEndian), 'a.txt'), SAMPLE);
  }
  const chinese = '备份每天运行。\n保留三十天。\n恢复经过测试。\n';
  assert.equal(decodeText(utf16(chinese, false), 'a.txt'), chinese);
});

test('reads Windows-1252 and Latin-1', () => {
  assert.equal(
    decodeText(Buffer.from('Caf\xe9 \x80 5, na\xefve \x93quoted\x94', 'latin1'), 'a.txt'),
    'Café € 5, naïve “quoted”',
  );
});

test('reads the encoding that a page declares', () => {
  const page = Buffer.concat([
    Buffer.from('<meta charset="windows-1251"><p>'),
    Buffer.from([0xcf, 0xf0, 0xe8]),
  ]);
  assert.equal(decodeText(page, 'a.html'), '<meta charset="windows-1251"><p>При');
});

test('refuses binary files by what they are', () => {
  const random = Uint8Array.from({ length: 4096 }, (_, i) => (i * 2654435761) >>> 13);
  assert.throws(
    () => decodeText(random, 'noise.txt'),
    hasCode('document_binary', /noise\.txt has \d+ control characters/),
  );
  const png = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
  assert.throws(() => decodeText(png, 'photo.txt'), hasCode('document_binary', /photo\.txt is a PNG image/));
  assert.throws(() => decodeText(Buffer.from('%PDF-1.7\n'), 'x.txt'), hasCode('document_binary', /PDF/));
});

test('refuses encodings that it cannot tell instead of reading nonsense', () => {
  const shiftJis = Buffer.from('93fa967b8cea82cc83658358836782c582b7', 'hex');
  assert.throws(
    () => decodeText(shiftJis, 'sjis.txt'),
    hasCode('document_binary', /sjis\.txt .*save it as UTF-8/),
  );
});

test('refuses empty and blank files', () => {
  assert.throws(() => decodeText(new Uint8Array(), 'a.md'), hasCode('document_empty', /a\.md holds no text/));
  assert.throws(() => decodeText(Buffer.from(' \n\t\ufeff'), 'a.md'), hasCode('document_empty', /a\.md/));
});

test('normalises line ends, NUL and lone surrogates', () => {
  assert.equal(normaliseText('\ufeffa\r\nb\rc\0d\ud800'), 'a\nb\ncd\ufffd');
  assert.equal(decodeText(Buffer.from('one\r\ntwo\0three'), 'a.txt'), 'one\ntwothree');
});

test('tells text from binary by the first bytes', () => {
  assert.equal(looksTextual(Buffer.from(SAMPLE)), true);
  assert.equal(looksTextual(utf16(SAMPLE, true)), true);
  assert.equal(looksTextual(Buffer.from('GIF89a\x01\x00', 'latin1')), false);
});
