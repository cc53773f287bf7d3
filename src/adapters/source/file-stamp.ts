/** What the system says of a file; times in nanoseconds since the epoch. */
export interface FileState {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  /** Of the last change of bytes, name or rights: no program can set it. */
  readonly ctimeNs: bigint;
}

const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000n;
/** Longer than a tick of the clock that files get their times from. */
const TICK_NS = 30n * NS_PER_MS;
/** The same of a file system that keeps whole seconds, or every second one. */
const COARSE_TICK_NS = 3n * NS_PER_SECOND;

/**
 * A text that changes with every change of the file's bytes. Null for a file that has changed so lately that it could
 * change again without it: within one tick of the clock two writes have the same time (`racy` in Git's index).
 */
export function fileStamp({ dev, ino, size, mtimeNs, ctimeNs }: FileState, nowMs: number): string | null {
  const isCoarse = mtimeNs % NS_PER_SECOND === 0n && ctimeNs % NS_PER_SECOND === 0n;
  const latest = ctimeNs > mtimeNs ? ctimeNs : mtimeNs;
  const age = BigInt(Math.floor(nowMs)) * NS_PER_MS - latest;
  if (age <= (isCoarse ? COARSE_TICK_NS : TICK_NS)) return null;
  return [dev, ino, size, mtimeNs, ctimeNs].map((part) => part.toString(36)).join('-');
}
