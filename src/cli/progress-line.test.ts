import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { duration, progressLine } from './progress-line.ts';

describe('the progress line', () => {
  it('shows a bar, counts, rate, what is left, and failures', () => {
    let now = 0;
    const line = progressLine({ now: () => now, hasBar: true });
    assert.equal(
      line({ done: 0, found: 0, chunks: 0, failure: null }),
      `[${'.'.repeat(24)}] 0 of 0 files, 0 passages`,
    );
    now = 2000;
    const problem = { code: 'document_empty', reason: 'x has 0 bytes', advice: 'Fill it.' } as const;
    assert.equal(
      line({ done: 50, found: 100, chunks: 400, failure: { item: 'x', problem } }),
      `[${'#'.repeat(12)}${'.'.repeat(12)}] 50 of 100 files, 400 passages, 25 files/s, about 2 s left, 1 failed`,
    );
    now = 4000;
    assert.equal(
      line({ done: 100, found: 100, chunks: 800, failure: null }),
      `[${'#'.repeat(24)}] 100 of 100 files, 800 passages, 25 files/s, 1 failed`,
    );
  });

  it('has no bar where there is no terminal', () => {
    const line = progressLine({ now: () => 0, hasBar: false });
    assert.equal(line({ done: 1, found: 2, chunks: 3, failure: null }), '1 of 2 files, 3 passages');
  });

  it('names durations as people do', () => {
    assert.deepEqual([0.2, 45, 180, 7800].map(duration), ['1 s', '45 s', '3 min', '2 h 10 min']);
  });
});
