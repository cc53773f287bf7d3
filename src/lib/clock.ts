/** Time as a dependency, so that tests and simulations can set it. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. May jump. */
  now(): number;
  /** Monotonic time in milliseconds from an arbitrary origin. Never goes back. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** ISO 8601 in UTC, as stored in the catalog and shown by the API. */
export function isoTime(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
