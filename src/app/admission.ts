import type { Asking } from '../core/answer/create-ask.ts';
import { HoldfastError } from '../core/errors.ts';
import type { DependencyHealth } from '../core/health.ts';
import type { Admit, RequestKind } from '../http/plugins/admission.ts';
import { ShedError } from '../resilience/errors.ts';
import { createEventLoopMonitor } from '../resilience/event-loop-monitor.ts';
import { createShedder, type Load, type Shedder } from '../resilience/shed.ts';
import { systemTime, type TimeSource } from '../resilience/time-source.ts';
import { Turns } from '../resilience/turns.ts';
import type { AdmissionReading } from '../telemetry/guard-metrics.ts';

/** Decides what a busy process takes on. Dispose it when the service is closed. */
export interface Admission extends Disposable {
  /** For a request that has just come. */
  readonly admit: Admit;
  /** The same asking; each question waits for its turn, or is refused. Answers from memory stand before it. */
  admitted(asking: Asking): Asking;
  health(): DependencyHealth;
  /** For metrics. */
  reading(): AdmissionReading;
}

export interface AdmissionOptions {
  /** Questions that may wait while more come than can be answered; twice as many when searches are among them. */
  readonly maxWaiting: number;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
}

/** Questions at work at once, streams until they end. Those that wait for models are bounded by their bulkheads. */
const MAX_RUNNING = 256;
/** Answers fill so much of the line, searches all of it. */
const ANSWER_SHARE = 0.5;

const UNLOADED: Load = { eventLoopDelayMs: 0, queueWaitMs: 0, utilisation: 0 };

/** Questions take turns on the event loop; its lateness, and their line, shed other work. */
export function createAdmission({ maxWaiting, time = systemTime }: AdmissionOptions): Admission {
  const turns = new Turns({
    maxWaiting: maxWaiting / ANSWER_SHARE,
    refusal: (reason) => new HoldfastError('overloaded', reason),
    time,
  });
  const monitor = createEventLoopMonitor();
  const shedder = createShedder({
    load: () =>
      // A loop that is late, on a busy machine or after a long write, still keeps up with its questions.
      turns.isOverloaded
        ? {
            eventLoopDelayMs: monitor.delayP99Ms(),
            queueWaitMs: turns.queueWaitMs,
            utilisation: 1 + turns.waiting,
          }
        : UNLOADED,
  });
  const slots = new Slots(turns);
  return {
    admit: (kind) => {
      try {
        if (kind === 'query') turns.look(ANSWER_SHARE);
        else if (kind === 'search') turns.look();
        else shed(shedder, kind);
      } catch (error) {
        slots.refused(kind);
        throw error;
      }
    },
    admitted: (asking) => ({
      ask: async (request, signal) => {
        using _slot = await slots.enter('query', signal);
        return await asking.ask(request, signal);
      },
      async *askStream(request, signal) {
        using _slot = await slots.enter('query', signal);
        yield* asking.askStream(request, signal);
      },
      search: async (request, signal) => {
        using _slot = await slots.enter('search', signal);
        return await asking.search(request, signal);
      },
    }),
    reading: () => slots.reading(),
    health: () => health(slots.reading()),
    [Symbol.dispose]: () => monitor[Symbol.dispose](),
  };
}

/** Disposing it gives one slot back. */
class Slots implements Disposable {
  readonly #turns: Turns;
  readonly #rejected: Record<RequestKind, number> = { query: 0, search: 0, read: 0, write: 0 };
  #running = 0;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** A slot, held until it is disposed, once it is the caller's turn. */
  async enter(kind: 'query' | 'search', signal: AbortSignal): Promise<Disposable> {
    if (this.#running >= MAX_RUNNING) {
      this.refused(kind);
      throw new HoldfastError('overloaded', `${this.#running} questions are being answered`);
    }
    this.#running++;
    try {
      await this.#turns.take(signal, kind === 'query' ? ANSWER_SHARE : 1);
    } catch (error) {
      this.#running--;
      if (!signal.aborted) this.refused(kind);
      throw error;
    }
    return this;
  }

  /** Counts a refusal. */
  refused(kind: RequestKind): void {
    this.#rejected[kind]++;
  }

  [Symbol.dispose](): void {
    this.#running--;
  }

  reading(): AdmissionReading {
    const { isOverloaded, waiting } = this.#turns.snapshot();
    return { running: this.#running - waiting, waiting, isOverloaded, rejected: { ...this.#rejected } };
  }
}

function health({ running, waiting, isOverloaded, rejected }: AdmissionReading): DependencyHealth {
  const refused = Object.values(rejected).reduce((sum, count) => sum + count, 0);
  const detail = `${running} questions at work, ${waiting} waiting, ${refused} refused since the start`;
  return { name: 'admission', state: isOverloaded ? 'degraded' : 'up', detail };
}

/** Lists and documents to read, and what writes. @throws HoldfastError `overloaded`. */
function shed(shedder: Shedder, kind: 'read' | 'write'): void {
  try {
    shedder.admit(kind === 'read' ? 'search' : 'ingest');
  } catch (error) {
    throw error instanceof ShedError
      ? new HoldfastError('overloaded', error.message, { cause: error })
      : error;
  }
}
