import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { temporaryFolder } from '../temporary-folder.ts';
import { makeTemplate, type Template } from './rig.ts';
import { CELLS, type CellResult } from './run-matrix.ts';

const LANES = 4;
/** Five minutes of two cores. */
const NOT_HERE =
  process.env['CI'] !== 'true' &&
  process.env['HOLDFAST_TEST_MATRIX'] === undefined &&
  'NOT RUN: CI runs these cells, as do npm run matrix and HOLDFAST_TEST_MATRIX=1';

describe(
  'the fault matrix: answers go on, flagged, and everything comes back',
  { concurrency: LANES, skip: NOT_HERE },
  () => {
    const stack = new AsyncDisposableStack();
    const results: CellResult[] = [];
    let template: Template;

    before(async () => {
      template = await makeTemplate(stack.use(await temporaryFolder()).path);
    });

    after(async () => {
      await stack.disposeAsync();
      // R86: a run in which no breaker was seen to open and to close proves nothing.
      const opened = results.filter(({ kind, outcome }) => kind === 'model' && outcome.openedS !== null);
      assert.ok(opened.length > 20, `breakers opened in ${opened.length} cells only`);
    });

    for (const { name, run } of CELLS) {
      test(name, { timeout: 900_000 }, async (t) => {
        const result = await run(template);
        if (result.outcome === null) {
          assert.notEqual(process.env['CI'], 'true', 'CI must be able to mount a small disk');
          t.skip('NOT TESTED: mounting a small disk needs root on Linux');
          return;
        }
        results.push(result);
      });
    }
  },
);
