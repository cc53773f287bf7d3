import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileKernel } from '../../../test/build-kernel.ts';
import { KERNEL_BASE64 } from './kernel.ts';

test('kernel.ts is what kernel.wat compiles to', async () => {
  assert.equal(KERNEL_BASE64, await compileKernel('dense'), 'run npm run kernel');
});
