/** Bounds of the pause before a retry. */
export interface BackoffSettings {
  /** Upper bound of the first pause in milliseconds. */
  readonly baseMs: number;
  /** Upper bound of any pause in milliseconds. */
  readonly maxMs: number;
}

/**
 * A pause before retry number `retry` (from 0), in milliseconds: uniform from 0 to the bound, which doubles up to
 * its maximum. Source: AWS Architecture Blog, "Exponential Backoff And Jitter", full jitter.
 */
export function fullJitterMs(retry: number, settings: BackoffSettings, random: () => number): number {
  return random() * Math.min(settings.maxMs, settings.baseMs * 2 ** retry);
}
