import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { seededRandom } from '../bench/corpus.ts';
import { judgeAnswer, type SeenResponse } from './check-answer.ts';
import { arrivals, type LoadPlan } from './plan.ts';
import type { Run, Sample } from './run-figures.ts';

/** A response that takes longer has failed. Longer than any deadline of the server. */
const PATIENCE_MS = 30_000;
const RESULTS = 3;

const plan = workerData as LoadPlan;
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, scheduling: 'lifo' });
const began = performance.now();
const samples: Sample[] = [];

function sinceStart(): number {
  return performance.now() - began;
}

async function send(number: number, scheduledMs: number): Promise<void> {
  const question = plan.questions[number % plan.questions.length];
  if (question === undefined) return;
  const lateMs = sinceStart() - scheduledMs;
  const { query } = question;
  const body = JSON.stringify({ query, collections: [plan.collection], top_k: RESULTS });
  const response = await respond(body).catch(() => null);
  const latencyMs = sinceStart() - scheduledMs;
  const judged =
    response === null
      ? ({ outcome: 'failed', degraded: [] } as const)
      : judgeAnswer(response, question, plan.texts);
  samples.push({ scheduledMs, lateMs, latencyMs, status: response?.status ?? 0, ...judged });
}

function respond(body: string): Promise<SeenResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<SeenResponse>();
  const sent = request(`${plan.address}/api/v1/rag/query`, {
    method: 'POST',
    agent,
    timeout: PATIENCE_MS,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...plan.headers,
    },
  });
  sent.once('timeout', () => sent.destroy(new Error('no response in time')));
  sent.once('error', reject);
  sent.once('response', (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.once('error', reject);
    response.once('end', () => {
      const { 'content-type': contentType = '', 'retry-after': retryAfter = null } = response.headers;
      const text = Buffer.concat(parts).toString('utf8');
      resolve({ status: response.statusCode ?? 0, contentType, retryAfter, body: text });
    });
  });
  sent.end(body);
  return promise;
}

async function sendOpen(perSecond: number, seed: number): Promise<number> {
  const moments = arrivals(perSecond, plan.seconds, seededRandom(seed));
  const sent: Promise<void>[] = [];
  for (const [number, moment] of moments.entries()) {
    const wait = moment - sinceStart();
    if (wait > 0) await delay(wait);
    sent.push(send(number, moment));
  }
  await Promise.all(sent);
  return moments.length;
}

async function sendClosed(connections: number): Promise<number> {
  let number = 0;
  const connection = async (): Promise<void> => {
    while (sinceStart() < plan.seconds * 1000) await send(number++, sinceStart());
  };
  await Promise.all(Array.from({ length: connections }, connection));
  return number;
}

async function run(): Promise<Run> {
  const { model, seconds } = plan;
  const scheduled =
    model.kind === 'open' ? await sendOpen(model.perSecond, model.seed) : await sendClosed(model.connections);
  agent.destroy();
  return { scheduled, seconds, samples: samples.toSorted((a, b) => a.scheduledMs - b.scheduledMs) };
}

parentPort?.postMessage(await run());
