import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collected } from '../../../test/contract/collected.ts';
import { readBounded, readLines, readText } from './read-bounded.ts';
import { serverSentEvents } from './server-sent-events.ts';

/** The UTF-8 bytes of a text in pieces of that size. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const TEXT = 'one\r\n\n漢字 😀\nlast';

describe('a body that is read in pieces', () => {
  it('gives the same text and lines wherever it is cut', async () => {
    for (let size = 1; size < 30; size++) {
      assert.equal(await readText(pieces(TEXT, size)), TEXT);
      assert.deepEqual(await collected(readLines(pieces(TEXT, size))), ['one', '', '漢字 😀', 'last']);
    }
    assert.deepEqual(await collected(readLines(pieces('a\n', 1))), ['a']);
    assert.deepEqual(await collected(readLines(pieces('', 1))), []);
  });

  it('fails as soon as there is too much of it, and reads no further', async () => {
    let given = 0;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        given++;
        yield new Uint8Array(10);
      }
    };
    const limit = { maxBytes: 25, tooLarge: () => new Error('too large') };
    await assert.rejects(readText(readBounded(endless(), limit)), /too large/);
    assert.equal(given, 3);
  });

  it('holds server-sent events', async () => {
    const text =
      ': ping\n\ndata: one\ndata:two\n\nevent: error\nid: 4\ndata: three\n\nevent: x\n\ndata: open';
    assert.deepEqual(await collected(serverSentEvents(readLines(pieces(text, 7)))), [
      { event: 'message', data: 'one\ntwo' },
      { event: 'error', data: 'three' },
      { event: 'message', data: 'open' },
    ]);
  });
});
