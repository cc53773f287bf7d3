import { ShedError } from './errors.ts';
import { requireNumber } from './require-number.ts';
import { systemTime, type TimeSource } from './time-source.ts';
import { WaitingLine } from './waiting-line.ts';

export interface TurnsOptions {
  /** Callers that may wait while more come than there are turns for: 0 to 100,000. */
  readonly maxWaiting: number;
  /**
   * A burst may wait so long in milliseconds; a line that does not shrink for three times as long is a standing one.
   * Default 150.
   */
  readonly burstMs?: number;
  /** What a refused caller gets. Default: a ShedError that tells it to wait for a second. */
  readonly refusal?: (reason: string) => Error;
  /** Default: the machine's time. */
  readonly time?: TimeSource;
  /** Runs something once the event loop has looked for input and output. Default `setImmediate`. */
  readonly afterInput?: (run: () => void) => void;
}

/** What health and metrics show of the turns. */
export interface TurnsSnapshot {
  readonly waiting: number;
  /** More comes than there are turns for. */
  readonly isOverloaded: boolean;
  /** Mean length of a turn in milliseconds, lately. */
  readonly turnMs: number;
  /** Callers refused since the start. */
  readonly rejected: number;
}

/** Weight of the newest turn in the mean. */
const NEWEST = 0.1;
/** A turn this many times as long as the mean counts as no longer. */
const LONG_TURN = 3;
/** A line that does not shrink for as long as so many bursts is a standing one. */
const STANDING_BURSTS = 3;
/** A standing line is over when so much of the time nobody had the turn. */
const IDLE_SHARE = 0.1;
/** No wait is longer, whatever was expected. */
const LONGEST_WAIT_MS = 5000;
/** Bounds of a burst, however short or long its turns are. */
const MIN_BURST = 32;
const MAX_BURST = 1000;
const RETRY_AFTER_MS = 1000;

/**
 * Gives out the event loop: one caller at a time begins its work, and between two of them the loop looks for input,
 * so that those who must be refused are refused at once and nobody waits unseen in a socket. A burst may wait; when
 * the line is longer than it should be for longer than a burst, and does not shrink, it is kept so short that those who
 * are let in are served soon. The length that fits a burst is found by measuring the turns. Source: Nichols and
 * Jacobson, "Controlling Queue Delay", ACM Queue 2012 (a standing queue only adds delay); Maurer, "Fail at Scale", ACM
 * Queue 2015.
 */
export class Turns {
  readonly #maxWaiting: number;
  readonly #burstMs: number;
  readonly #refusalOf: (reason: string) => Error;
  readonly #time: TimeSource;
  readonly #afterInput: (run: () => void) => void;
  readonly #line = new WaitingLine();
  readonly #next = (): void => this.#giveNext();
  /** When the turn was given that somebody has now; null: nobody has it. */
  #givenAt: number | null = null;
  #turnMs = 0;
  /** Somebody has been let in to be looked at in this turn. */
  #hasLooked = false;
  #rejected = 0;
  #isStanding = false;
  /** Turns that were given while more waited than a standing line holds, and how many waited at the first of them. */
  #turnsOfLine = 0;
  #lineAtFirst = 0;
  #idleSince: number;
  #idleMs = 0;
  #windowBegan: number;

  /** @throws RangeError when a number is out of bounds. */
  constructor(options: TurnsOptions) {
    const { maxWaiting, burstMs = 150, time = systemTime } = options;
    this.#maxWaiting = requireNumber('maxWaiting', maxWaiting, { min: 0, max: 100_000, isInteger: true });
    this.#burstMs = requireNumber('burstMs', burstMs, { min: 1, max: 60_000 });
    this.#refusalOf = options.refusal ?? ((reason) => new ShedError(reason, RETRY_AFTER_MS));
    this.#time = time;
    this.#afterInput = options.afterInput ?? setImmediate;
    this.#windowBegan = this.#idleSince = time.monotonic();
  }

  /** Milliseconds that the oldest has waited; 0 when nobody waits. */
  get queueWaitMs(): number {
    const now = this.#time.monotonic();
    return now - (this.#line.oldestSince ?? now);
  }

  /** Callers that wait. */
  get waiting(): number {
    return this.#line.size;
  }

  /** More comes than there are turns for. */
  get isOverloaded(): boolean {
    this.#watch(this.#time.monotonic());
    return this.#isStanding;
  }

  /**
   * Resolves when it is the caller's turn: at once when nobody has it. `share` is how much of a standing line this
   * kind of work may fill, above 0: less for what matters less.
   * @throws what `refusal` gives when the line is too long, or the reason of `signal`.
   */
  async take(signal: AbortSignal, share: number = 1): Promise<void> {
    signal.throwIfAborted();
    const now = this.#time.monotonic();
    this.#watch(now);
    if (this.#givenAt === null) return this.#give(now);
    if (this.#isFull(share)) throw this.#refusal();
    const tooLong = () => this.#refusal();
    return this.#line.join({ signal, time: this.#time, maxWaitMs: LONGEST_WAIT_MS, tooLong });
  }

  /**
   * For a caller that may not need a turn once it has been looked at closely, which costs a little. While the line is
   * too long for it one caller a turn is let in to be looked at. @throws what `refusal` gives for any other.
   */
  look(share: number = 1): void {
    this.#watch(this.#time.monotonic());
    if (this.#givenAt === null || !this.#isFull(share)) return;
    if (this.#hasLooked) throw this.#refusal();
    this.#hasLooked = true;
  }

  /** The present numbers. */
  snapshot(): TurnsSnapshot {
    return {
      waiting: this.#line.size,
      isOverloaded: this.isOverloaded,
      turnMs: this.#turnMs,
      rejected: this.#rejected,
    };
  }

  /** A burst may wait as many turns as fit into its time. */
  #isFull(share: number): boolean {
    if (this.#isStanding) return this.#line.size >= Math.max(1, this.#maxWaiting * share);
    const turns = this.#turnMs === 0 ? MAX_BURST : this.#burstMs / this.#turnMs;
    return this.#line.size >= Math.max(this.#maxWaiting, MIN_BURST, Math.min(MAX_BURST, turns));
  }

  #give(now: number): void {
    this.#idleMs += now - this.#idleSince;
    this.#givenAt = now;
    this.#afterInput(this.#next);
  }

  #giveNext(): void {
    const now = this.#time.monotonic();
    this.#learn(now - (this.#givenAt ?? now));
    this.#watch(now);
    this.#hasLooked = false;
    const oldest = this.#line.takeOldest();
    if (oldest === undefined) {
      this.#givenAt = null;
      this.#idleSince = now;
      return;
    }
    this.#followLine();
    this.#givenAt = now;
    this.#afterInput(this.#next);
    oldest.resolve();
  }

  /** A single long turn, such as a collection of garbage or a stolen processor, says little about the next ones. */
  #learn(lengthMs: number): void {
    if (this.#turnMs === 0) this.#turnMs = lengthMs;
    else this.#turnMs += NEWEST * (Math.min(lengthMs, LONG_TURN * this.#turnMs) - this.#turnMs);
  }

  /** Whether the line stands: it has for longer than a burst, until there are breaks again. */
  #watch(now: number): void {
    if (!this.#isStanding && this.#lasts()) {
      this.#isStanding = true;
      while (this.#line.size > this.#maxWaiting) this.#line.takeOldest()?.reject(this.#refusal());
    }
    const windowMs = now - this.#windowBegan;
    if (windowMs < 2 * this.#burstMs) return;
    const idleMs = this.#idleMs + (this.#givenAt === null ? now - this.#idleSince : 0);
    if (idleMs > IDLE_SHARE * windowMs) this.#isStanding = false;
    this.#windowBegan = now;
    this.#idleSince = now;
    this.#idleMs = 0;
  }

  #followLine(): void {
    const { size } = this.#line;
    if (size <= this.#maxWaiting) this.#turnsOfLine = 0;
    else if (this.#turnsOfLine > 0 && !this.#isOld()) this.#turnsOfLine++;
    else {
      this.#turnsOfLine = 1;
      this.#lineAtFirst = size;
    }
  }

  /** Counted in turns: a line that is there because the process stood still is no overload, nor is one that shrinks. */
  #lasts(): boolean {
    return this.#line.size > this.#maxWaiting && this.#isOld() && this.#line.size >= this.#lineAtFirst;
  }

  #isOld(): boolean {
    return this.#turnsOfLine * this.#turnMs > STANDING_BURSTS * this.#burstMs;
  }

  #refusal(): Error {
    this.#rejected++;
    return this.#refusalOf(`Overloaded: ${this.#line.size} wait for their turn`);
  }
}
