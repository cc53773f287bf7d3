import type { WireIngestProgress } from '../http/contract/ingest.ts';

const BAR_WIDTH = 24;

export interface ProgressOptions {
  /** Milliseconds; never goes back. */
  readonly now: () => number;
  /** Bars are for terminals. */
  readonly hasBar: boolean;
}

/** Makes the line that shows how far an ingest is: bar, counts, rate, the time that is left, failures. */
export function progressLine({ now, hasBar }: ProgressOptions): (progress: WireIngestProgress) => string {
  const began = now();
  const failed = new Set<string>();
  return ({ done, found, chunks, failure }) => {
    if (failure !== null) failed.add(failure.item);
    const seconds = (now() - began) / 1000;
    const rate = seconds > 0 ? done / seconds : 0;
    const parts = [
      `${hasBar ? `${bar(done, found)} ` : ''}${done} of ${found} files`,
      `${chunks} passages`,
      ...(rate > 0 ? [`${rate < 10 ? rate.toFixed(1) : Math.round(rate)} files/s`] : []),
      ...(rate > 0 && done < found ? [`about ${duration((found - done) / rate)} left`] : []),
      ...(failed.size > 0 ? [`${failed.size} failed`] : []),
    ];
    return parts.join(', ');
  };
}

function bar(done: number, found: number): string {
  const filled = found === 0 ? 0 : Math.min(BAR_WIDTH, Math.floor((BAR_WIDTH * done) / found));
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`;
}

/** Seconds in words: `45 s`, `3 min`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
