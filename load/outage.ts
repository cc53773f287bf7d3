import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../bench/quantiles.ts';
import { table } from '../eval/report.ts';
import { ollamaStandIn } from '../src/faults/models/ollama.ts';
import { describeDisturbance, watched } from '../bench/disturbance.ts';
import { offer } from './generator.ts';
import { startModels } from './models.ts';
import { latencies, requireSent, type Run } from './run-figures.ts';
import { judged, type Section, type Setting } from './section.ts';
import { startServer } from './server-process.ts';

const QUESTIONS = 1000;
const PER_SECOND = 40;
const WARM_UP_SECONDS = 5;
/** The vectors of questions that were asked before are remembered: other questions come then. */
const WARM_UP_QUESTIONS = 2 * WARM_UP_SECONDS * PER_SECOND;
const LIMIT_MS = 150;
const CLIENTS = 50;
const ABORT_LIMIT_MS = 100;

/** Embedder and generator both down (R17), and clients that go away (R9). */
export const outage: Section = {
  name: 'outage',
  async measure(setting) {
    const { value, disturbance } = await watched(async () => ({
      answered: await measureOutage(setting),
      stoppedMs: await measureAborts(setting),
    }));
    const { answered, stoppedMs } = value;
    const p99 = quantile(latencies(answered.samples), 0.99);
    const degraded = new Set(answered.samples.flatMap((sample) => sample.degraded));
    const longest = Math.max(...stoppedMs);
    return [
      table(
        ['target', 'measured', ''],
        [
          [
            `embedder and generator refuse: ${answered.scheduled} questions at ${PER_SECOND} a second, all answered with a citation of the right document (R17)`,
            `${latencies(answered.samples).length} of ${answered.scheduled}`,
            judged(latencies(answered.samples).length === answered.scheduled),
          ],
          [
            `p99 at most ${LIMIT_MS} ms at ${setting.store.chunks.toLocaleString('en')} passages (R17)`,
            `${p99.toFixed(1)} ms`,
            judged(p99 <= LIMIT_MS),
          ],
          [
            `a client that goes away stops its model within ${ABORT_LIMIT_MS} ms (R9)`,
            `${quantile(stoppedMs, 0.5).toFixed(1)} ms (p50), ${longest.toFixed(1)} ms (longest of ${stoppedMs.length})`,
            judged(longest <= ABORT_LIMIT_MS),
          ],
        ],
      ),
      `Flags of the answers: ${[...degraded].map((flag) => `\`${flag}\``).join(', ')}.`,
      describeDisturbance(disturbance),
    ].join('\n\n');
  },
};

async function measureOutage({ store, scale, note }: Setting): Promise<Run> {
  note('outage: embedder and generator refuse');
  await using models = await startModels();
  await using server = await startServer(store.dataDir, models.environment);
  const run = async (seconds: number, seed: number, from: number): Promise<Run> => {
    const model = { kind: 'open', perSecond: PER_SECOND, seed } as const;
    const questions = store.material.questions.slice(from);
    return offer({ address: server.address, ...store.material, questions, seconds, model });
  };
  await run(WARM_UP_SECONDS, 1, 0);
  for (const model of ['embedder', 'generator'] as const)
    await models.addToxic(model, { type: 'down', mode: 'refuse' });
  const count = Math.round(QUESTIONS * scale);
  const seconds = (1.15 * count) / PER_SECOND;
  const asked = requireSent('outage', await run(seconds, 2, WARM_UP_QUESTIONS));
  if (asked.samples.some(({ outcome, degraded }) => outcome === 'correct' && degraded.length < 2))
    throw new Error('INVALID RUN: answers during the outage do not say what is missing');
  return { ...asked, scheduled: count, samples: asked.samples.slice(0, count) };
}

/** Milliseconds from the moment when a client goes away until the model's connection is closed. */
async function measureAborts({ store, note }: Setting): Promise<readonly number[]> {
  note('outage: clients that go away');
  await using ollama = await ollamaStandIn();
  await using server = await startServer(store.dataDir, {
    HOLDFAST_GENERATOR: 'ollama',
    HOLDFAST_GENERATION_MODEL: 'tiny',
    HOLDFAST_OLLAMA_URL: ollama.url,
  });
  const times: number[] = [];
  await ask(server.address, store.material.questions[0]?.query ?? '', AbortSignal.timeout(30_000));
  ollama.set({ faultsOn: ['chat'], hangs: true });
  for (const { query } of store.material.questions.slice(1, CLIENTS + 1)) {
    const before = ollama.counts();
    const client = new AbortController();
    // It rejects as soon as the client goes away.
    const asked = Promise.allSettled([ask(server.address, query, client.signal)]);
    await ollama.until(({ calls }) => calls.chat > before.calls.chat);
    await delay(20);
    const began = performance.now();
    client.abort();
    await ollama.until(({ aborted }) => aborted > before.aborted);
    times.push(performance.now() - began);
    await asked;
  }
  return times;
}

async function ask(address: string, query: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${address}/api/v1/rag/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
    signal,
  });
  await response.text();
}
