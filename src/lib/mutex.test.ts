import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMutex } from './mutex.ts';

describe('a mutex', () => {
  it('runs one work at a time, in the order of the calls', async () => {
    const mutex = createMutex();
    const events: string[] = [];
    const work = async (name: string, turns: number): Promise<string> =>
      mutex.run(async () => {
        events.push(`${name} begins`);
        for (let i = 0; i < turns; i++) await Promise.resolve();
        events.push(`${name} ends`);
        return name;
      });
    assert.deepEqual(await Promise.all([work('a', 5), work('b', 0), work('c', 2)]), ['a', 'b', 'c']);
    assert.deepEqual(events, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('hands a failure to its caller alone', async () => {
    const mutex = createMutex();
    const failing = mutex.run(async () => {
      throw new Error('broken');
    });
    const next = mutex.run(async () => 'fine');
    await assert.rejects(failing, /broken/);
    assert.equal(await next, 'fine');
    assert.equal(await mutex.run(async () => 'again'), 'again');
  });
});
