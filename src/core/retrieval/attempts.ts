/** A side of the recall that did not work, with the reason. */
export interface RecallFailure {
  readonly side: 'embedding' | 'dense' | 'lexical' | 'index';
  readonly reason: string;
}

/** Remembers what failed, so that the rest can go on. */
export class Attempts {
  readonly failures: RecallFailure[] = [];
  readonly signal: AbortSignal;
  readonly #errors: unknown[] = [];

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  /** Null when it fails. @throws the reason of the signal once that is aborted. */
  async run<T>(side: RecallFailure['side'], work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.signal.throwIfAborted();
      this.#errors.push(error);
      this.failures.push({ side, reason: error instanceof Error ? error.message : String(error) });
      return null;
    }
  }

  firstError(): unknown {
    return this.#errors[0] ?? new Error('no side of the recall could be asked');
  }
}
