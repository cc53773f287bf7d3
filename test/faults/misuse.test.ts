import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openaiStandIn } from '../../src/faults/models/openai.ts';
import type { StandIn } from '../../src/faults/models/stand-in.ts';
import { MISUSE, type MisuseRow } from './misuse-rows.ts';
import {
  DOCUMENTS,
  KEY,
  NAMES,
  serveModels,
  type Answered,
  type Component,
  type HealthBody,
  type ServedModels,
  type Wire,
} from './served-models.ts';

const LIMITS = { timeout: 240_000 };

const PAIRS: readonly (readonly [Component, Wire])[] = [
  ['embedder', 'ollama'],
  ['embedder', 'openai'],
  ['generator', 'ollama'],
  ['generator', 'openai'],
  ['reranker', 'openai'],
];

function rowsOf(component: Component, wire: Wire, isHasty: boolean): readonly MisuseRow[] {
  return MISUSE.filter(
    ({ of, over, isHasty: needsHaste = false }) =>
      (of === undefined || of.includes(component)) &&
      (over === undefined || over === wire) &&
      needsHaste === isHasty,
  );
}

/** Quotes are the words of the document, and the answer is about the question. */
function assertAnswered({ answer, citations }: Answered): void {
  assert.equal(answer.refused, false, answer.text);
  assert.match(answer.text, /02:00/);
  assert.ok(citations.length > 0);
  for (const { title, start, end, quote } of citations)
    assert.equal(DOCUMENTS[title]?.slice(start, end), quote);
}

function stateOf({ dependencies }: HealthBody, component: Component) {
  return dependencies.find(({ name }) => name === NAMES[component].health);
}

async function spoil({ standIn, proxy }: ServedModels, row: MisuseRow, kind: 'embed' | 'chat' | 'rerank') {
  if (row.redirects === true)
    standIn.set({ redirectTo: `${elsewhere.url}/v1/embeddings?key=${KEY}`, faultsOn: [kind] });
  if (row.knobs !== undefined) standIn.set({ ...row.knobs, faultsOn: [kind] });
  if (row.toxic !== undefined) await proxy.add(row.toxic);
}

/** A host that nobody has set. */
let elsewhere: StandIn;
before(async () => {
  elsewhere = await openaiStandIn();
});
after(async () => elsewhere[Symbol.asyncDispose]());

for (const [component, wire] of PAIRS) {
  for (const isHasty of [false, true]) {
    describe(`with ${isHasty ? 'short time limits, an' : 'an'} ${wire} ${component} that`, LIMITS, () => {
      let served: ServedModels;
      before(async () => {
        served = await serveModels({ wire, components: [component], isHasty });
        await served.recover();
      });
      after(async () => served[Symbol.asyncDispose]());

      for (const row of rowsOf(component, wire, isHasty)) {
        test(`${row.title}, answers go on and say so`, LIMITS, async () => {
          const { health: name, kind, lost } = NAMES[component];
          await spoil(served, row, kind);
          served.says = row.says ?? null;
          const before = served.failures(component);
          const answered = await served.ask();
          assertAnswered(answered);
          assert.deepEqual(
            answered.degraded.map((one) => `${one.component}=${one.mode}`),
            [lost],
          );
          assert.match(answered.degraded[0]?.reason ?? '', row.reason);
          assert.deepEqual(elsewhere.seen(), [], 'a host that nobody has set was called');
          assert.equal(served.failures(component) > before, row.counts, 'whether the breaker counts it');
          const health = await served.health();
          assert.doesNotMatch(JSON.stringify([answered, health]), new RegExp(KEY), 'a key shows');
          const shown = stateOf(health, component);
          assert.equal(shown?.state, row.health, `${name}: ${shown?.detail}`);
          if (row.health !== 'up') assert.match(shown?.detail ?? '', row.reason);
          assert.equal(health.state, row.health === 'up' ? 'ok' : 'degraded');
          await served.recover();
        });
      }
    });
  }
}

interface WrongSetting {
  readonly title: string;
  readonly over: readonly Wire[];
  readonly of?: readonly Component[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly isTls?: true;
  readonly reason: RegExp;
  readonly health: 'misconfigured' | 'down';
}

const ALL: readonly Component[] = ['embedder', 'generator', 'reranker'];

const WRONG_SETTINGS: readonly WrongSetting[] = [
  {
    title: 'the name of a model that the server does not have',
    over: ['ollama', 'openai'],
    of: ['embedder', 'generator'],
    settings: { HOLDFAST_EMBEDDING_MODEL: 'no-such', HOLDFAST_GENERATION_MODEL: 'no-such' },
    reason: /no-such.*it has all-minilm/,
    health: 'misconfigured',
  },
  {
    title: 'an address with a wrong path',
    over: ['ollama', 'openai'],
    path: '/nowhere',
    reason: /status 404.*address of a model server/,
    health: 'misconfigured',
  },
  {
    title: 'a wrong key',
    over: ['openai'],
    settings: { HOLDFAST_OPENAI_API_KEY: 'sk-wrong-key', HOLDFAST_RERANKER_API_KEY: 'sk-wrong-key' },
    reason: /status 401.*check the API key/,
    health: 'misconfigured',
  },
  {
    title: 'https for a server without TLS',
    over: ['ollama', 'openai'],
    isTls: true,
    reason: /TLS|broke the connection off|cannot be reached/,
    health: 'down',
  },
];

describe('from the start', LIMITS, () => {
  for (const { title, over, of = ALL, reason, health, ...options } of WRONG_SETTINGS) {
    for (const wire of over) {
      test(`${title} (${wire}) is told, tried once, and answers go on without`, LIMITS, async () => {
        const components = of.filter((component) => component !== 'reranker' || wire === 'openai');
        await using served = await serveModels({ ...options, wire, components });
        while ((await served.health()).dependencies.some(({ state }) => state === 'warming'));
        const called = served.standIn.counts().calls;
        const answered = await served.ask();
        assertAnswered(answered);
        assert.deepEqual(
          new Set(answered.degraded.map((one) => `${one.component}=${one.mode}`)),
          new Set(components.map((component) => NAMES[component].lost)),
        );
        for (const one of answered.degraded) assert.match(one.reason, reason);
        const shown = await served.health();
        assert.equal(shown.state, 'degraded');
        for (const component of components) {
          assert.equal(stateOf(shown, component)?.state, health);
          assert.match(stateOf(shown, component)?.detail ?? '', reason);
          if (health === 'misconfigured') assert.equal(served.failures(component), 0);
        }
        assert.doesNotMatch(JSON.stringify([answered, shown]), /sk-/, 'a key shows');
        assert.ok(served.standIn.counts().calls.chat <= called.chat + 1, 'it was tried again');
        for (const probe of ['/livez', '/readyz'])
          assert.equal((await fetch(`${served.url}${probe}`)).status, 200);
      });
    }
  }
});
