import type { Asking } from '../core/answer/create-ask.ts';
import { HoldfastError } from '../core/errors.ts';
import type { DependencyHealth } from '../core/health.ts';
import type { Admit } from '../http/plugins/admission.ts';
import { ShedError } from '../resilience/errors.ts';
import { createEventLoopMonitor } from '../resilience/event-loop-monitor.ts';
import { createShedder, type Criticality, type Shedder } from '../resilience/shed.ts';
import { Turns } from '../resilience/turns.ts';

/** Decides what a busy process takes on. Dispose it when the service is closed. */
export interface Admission extends Disposable {
  /** For a request that has just come. */
  readonly admit: Admit;
  /** The same asking; each question waits for its turn, or is refused. Answers from memory stand before it. */
  admitted(asking: Asking): Asking;
  health(): DependencyHealth;
}

export interface AdmissionOptions {
  /** Questions that may wait while more come than can be answered; twice as many when searches are among them. */
  readonly maxWaiting: number;
}

/** Questions at work at once, streams until they end. Those that wait for models are bounded by their bulkheads. */
const MAX_RUNNING = 256;
/** Answers fill so much of the line, searches all of it. */
const ANSWER_SHARE = 0.5;

/** Questions take turns on the event loop; its lateness, and their line, shed other work. */
export function createAdmission({ maxWaiting }: AdmissionOptions): Admission {
  const turns = new Turns({
    maxWaiting: maxWaiting / ANSWER_SHARE,
    refusal: (reason) => new HoldfastError('overloaded', reason),
  });
  const monitor = createEventLoopMonitor();
  const shedder = createShedder({
    load: () => ({
      // A loop that is late while nobody waits keeps up with its questions.
      eventLoopDelayMs: turns.waiting === 0 ? 0 : monitor.delayP99Ms(),
      queueWaitMs: turns.queueWaitMs,
      utilisation: turns.isOverloaded ? 1 + turns.waiting : 0,
    }),
  });
  const slots = new Slots({ turns, shedder });
  return {
    admit: (kind) => {
      if (kind === 'query') turns.look(ANSWER_SHARE);
      else if (kind === 'search') turns.look();
      else shed(shedder, kind);
    },
    admitted: (asking) => ({
      ask: async (request, signal) => {
        using _slot = await slots.enter(signal, ANSWER_SHARE);
        return await asking.ask(request, signal);
      },
      async *askStream(request, signal) {
        using _slot = await slots.enter(signal, ANSWER_SHARE);
        yield* asking.askStream(request, signal);
      },
      search: async (request, signal) => {
        using _slot = await slots.enter(signal, 1);
        return await asking.search(request, signal);
      },
    }),
    health: () => slots.health(),
    [Symbol.dispose]: () => monitor[Symbol.dispose](),
  };
}

interface SlotsParts {
  readonly turns: Turns;
  readonly shedder: Shedder;
}

class Slots {
  readonly #turns: Turns;
  readonly #shedder: Shedder;
  #running = 0;
  #rejected = 0;

  constructor({ turns, shedder }: SlotsParts) {
    this.#turns = turns;
    this.#shedder = shedder;
  }

  /** A slot, held until it is disposed, once it is the caller's turn. */
  async enter(signal: AbortSignal, share: number): Promise<Disposable> {
    if (this.#running >= MAX_RUNNING) {
      this.#rejected++;
      throw new HoldfastError('overloaded', `${this.#running} questions are being answered`);
    }
    this.#running++;
    try {
      await this.#turns.take(signal, share);
    } catch (error) {
      this.#running--;
      throw error;
    }
    return {
      [Symbol.dispose]: () => {
        this.#running--;
      },
    };
  }

  health(): DependencyHealth {
    const { isOverloaded, waiting, rejected } = this.#turns.snapshot();
    const refused = this.#rejected + rejected + sumOf(this.#shedder.rejected());
    const detail = `${this.#running - waiting} questions at work, ${waiting} waiting, ${refused} refused since the start`;
    return { name: 'admission', state: isOverloaded ? 'degraded' : 'up', detail };
  }
}

function sumOf(counts: Readonly<Record<Criticality, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
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
