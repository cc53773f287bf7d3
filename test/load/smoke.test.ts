import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { offer } from '../../load/generator.ts';
import { MODEL_NAMES, startModels, type Models } from '../../load/models.ts';
import { negativeControl } from '../../load/negative-control.ts';
import { countsOf, type Run } from '../../load/run-figures.ts';
import { startServer, type ServerProcess } from '../../load/server-process.ts';
import { buildLoadStore, type LoadStore } from '../../load/store.ts';

const DOCUMENTS = 20;
const SECONDS = 2;

/** A busy machine may refuse, as promised; nothing else may happen. */
function assertAnswered(run: Run): void {
  const { correct = 0, refused = 0 } = countsOf(run);
  assert.equal(run.samples.length, run.scheduled);
  assert.equal(correct + refused, run.scheduled, JSON.stringify(countsOf(run)));
  assert.ok(correct > 0);
}

/** Short runs of the real commands: what is answered is right, whatever it took. */
describe('load in short', { timeout: 300_000 }, () => {
  let models: Models;
  let store: LoadStore;
  const stack = new AsyncDisposableStack();

  before(async () => {
    models = stack.use(await startModels());
    store = stack.use(await buildLoadStore({ documents: DOCUMENTS, environment: models.environment }));
  });

  after(async () => stack.disposeAsync());

  async function offered({ address }: ServerProcess, perSecond: number): Promise<Run> {
    const model = { kind: 'open', perSecond, seed: 1 } as const;
    return offer({ address, ...store.material, seconds: SECONDS, model });
  }

  test('more questions than can be answered are answered or refused as promised', async () => {
    await using server = await startServer(store.dataDir);
    assertAnswered(await offered(server, 300));
  });

  test('runs that must not count are void', async () => {
    assert.match(await negativeControl(store), /403[^]*INVALID RUN[^]*wrong document[^]*INVALID RUN/);
  });

  test('questions are answered while every model is gone, and the answers say so', async () => {
    await using server = await startServer(store.dataDir, models.environment);
    // Not "refuse": the port of a proxy that gives it up may be another's before it comes back.
    for (const model of MODEL_NAMES) await models.addToxic(model, { type: 'down', mode: 'close' });
    const run = await offered(server, 30);
    assertAnswered(run);
    for (const { outcome, degraded } of run.samples)
      if (outcome === 'correct') assert.ok(degraded.includes('generator=extractive'), degraded.join());
  });
});
