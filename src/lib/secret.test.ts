import assert from 'node:assert/strict';
import { it } from 'node:test';
import { inspect } from 'node:util';
import { Secret } from './secret.ts';

it('is shown by nothing but reveal', () => {
  const secret = new Secret('sk-1234');
  assert.equal(secret.reveal(), 'sk-1234');
  for (const shown of [String(secret), JSON.stringify({ secret }), inspect({ secret }, { showHidden: true })])
    assert.doesNotMatch(shown, /1234/);
  assert.deepEqual(Object.keys(secret), []);
});
