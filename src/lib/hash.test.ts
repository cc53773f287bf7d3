import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contentAddress, sha256Hex } from './hash.ts';

describe('hashes', () => {
  it('are the SHA-256 of bytes or of UTF-8 text', () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    assert.equal(sha256Hex(''), empty);
    assert.equal(sha256Hex(new Uint8Array(0)), empty);
    assert.equal(sha256Hex('é'), sha256Hex(Uint8Array.of(0xc3, 0xa9)));
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
