import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Readable } from 'node:stream';
import { contentAddress, isSha256Hex, sha256Hex, sha256HexOf } from './hash.ts';

describe('hashes', () => {
  it('are the SHA-256 of bytes or of UTF-8 text', () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    assert.equal(sha256Hex(''), empty);
    assert.equal(sha256Hex(new Uint8Array(0)), empty);
    assert.equal(sha256Hex('é'), sha256Hex(Uint8Array.of(0xc3, 0xa9)));
  });

  it('are the same for bytes that come in pieces', async () => {
    const pieces = Readable.from([Buffer.from('her'), Buffer.from('on')]);
    assert.equal(await sha256HexOf(pieces), sha256Hex('heron'));
  });

  it('are told from other texts', () => {
    const hash = sha256Hex('heron');
    assert.equal(isSha256Hex(hash), true);
    for (const text of ['', hash.slice(1), `${hash}0`, hash.toUpperCase(), `${hash}\n`])
      assert.equal(isSha256Hex(text), false, JSON.stringify(text));
  });

  it('address several parts, wherever their borders are', () => {
    const addresses = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['', 'abc'], ['1:a']].map(
      contentAddress,
    );
    assert.equal(new Set(addresses).size, addresses.length);
    assert.ok(addresses.every((address) => /^[0-9a-f]{32}$/.test(address)));
    assert.equal(contentAddress(['ab', 'c']), contentAddress(['ab', 'c']));
  });
});
