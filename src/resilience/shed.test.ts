import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedTime } from '../../test/simulation/simulated-time.ts';
import { createEventLoopMonitor, type DelayHistogram } from './event-loop-monitor.ts';
import { CRITICALITIES, createShedder, decideShedding, SHED_THRESHOLDS, type Load } from './shed.ts';

const IDLE: Load = { eventLoopDelayMs: 0, queueWaitMs: 0, utilisation: 0 };

/** The work that goes on under a load. */
function admitted(load: Partial<Load>): string {
  const whole = { ...IDLE, ...load };
  return CRITICALITIES.filter((criticality) => decideShedding(criticality, whole).isAdmitted).join(' ');
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 2);
  });
}

test('an idle process takes on everything', () => {
  for (const criticality of CRITICALITIES) assert.ok(decideShedding(criticality, IDLE).isAdmitted);
});

test('sheds the least critical work first, and health checks never', () => {
  assert.equal(admitted({ eventLoopDelayMs: 60 }), 'health cached_read search answer ingest');
  assert.equal(admitted({ eventLoopDelayMs: 150 }), 'health cached_read search answer');
  assert.equal(admitted({ eventLoopDelayMs: 250 }), 'health cached_read search');
  assert.equal(admitted({ eventLoopDelayMs: 400 }), 'health cached_read');
  assert.equal(admitted({ eventLoopDelayMs: 5000 }), 'health');
  assert.equal(admitted({ queueWaitMs: 800 }), 'health cached_read search');
  assert.equal(admitted({ utilisation: 0.9 }), 'health cached_read search answer ingest');
});

test('says what speaks against it', () => {
  assert.deepEqual(decideShedding('ingest', { ...IDLE, eventLoopDelayMs: 120 }), {
    isAdmitted: false,
    reason: 'eventLoopDelayMs',
    value: 120,
    limit: 100,
  });
});

test('the shedder throws with a time to come back, and counts', () => {
  let load = IDLE;
  const shedder = createShedder({ load: () => load, retryAfterMs: 2000 });
  shedder.admit('reindex');
  load = { ...IDLE, queueWaitMs: 300 };
  assert.throws(() => shedder.admit('ingest'), {
    name: 'ShedError',
    kind: 'shed',
    retryAfterMs: 2000,
    message: 'Overloaded: queueWaitMs is 300.0, ingest goes on up to 250',
  });
  shedder.admit('answer');
  assert.equal(shedder.rejected().ingest, 1);
  assert.equal(shedder.rejected().answer, 0);
});

test('refuses thresholds that fall as work gets more critical', () => {
  const answer = { ...SHED_THRESHOLDS.answer, eventLoopDelayMs: 10 };
  assert.throws(() => createShedder({ load: () => IDLE, thresholds: { ...SHED_THRESHOLDS, answer } }), {
    name: 'RangeError',
    message: 'eventLoopDelayMs of answer must be a number from 100, got 10',
  });
});

/** A histogram that says what it is told. */
function told(): { histogram: DelayHistogram; say: (delayMs: number) => void; resets: () => number } {
  let nanoseconds = 0;
  let resets = 0;
  return {
    histogram: {
      get count() {
        return nanoseconds === 0 ? 0 : 1;
      },
      percentile: () => nanoseconds,
      reset: () => {
        nanoseconds = 0;
        resets++;
      },
      enable: () => true,
      disable: () => true,
    },
    say: (delayMs) => {
      nanoseconds = (delayMs + 20) * 1e6;
    },
    resets: () => resets,
  };
}

test('the monitor remembers the worse of two windows', () => {
  const time = new SimulatedTime();
  const { histogram, say, resets } = told();
  using monitor = createEventLoopMonitor({ time, histogram });
  assert.equal(monitor.delayP99Ms(), 0);
  say(300);
  assert.equal(monitor.delayP99Ms(), 0, 'read at most once per resolution');
  time.jump(20);
  assert.equal(monitor.delayP99Ms(), 300);
  time.jump(1000);
  assert.equal(monitor.delayP99Ms(), 300);
  assert.equal(resets(), 1);
  time.jump(500);
  say(5);
  assert.equal(monitor.delayP99Ms(), 300);
  time.jump(500);
  assert.equal(monitor.delayP99Ms(), 5);
});

test('the monitor sees a real event loop that is held up', async () => {
  using monitor = createEventLoopMonitor({ resolutionMs: 1 });
  while (monitor.delayP99Ms() < 30) {
    const until = performance.now() + 60;
    while (performance.now() < until);
    await turn();
  }
});
