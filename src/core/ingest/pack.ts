/** What `pack` needs to know of a part of a document. */
export interface Packable {
  readonly tokens: number;
  /** How bad it is to start a chunk here, 0 to 1. */
  readonly cutCost: number;
  /** How bad it is to have this inside of a chunk, not at its start: crossing a heading. */
  readonly joinCost: number;
  /** Whether a chunk that starts here must hold nothing else. */
  readonly isAlone: boolean;
}

export interface PackLimits {
  readonly targetTokens: number;
  /** No range is larger, unless one item alone is. */
  readonly maxTokens: number;
}

/** Half-open range of item numbers. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Never look further ahead than this many items, so that the run time stays linear. */
const MAX_ITEMS = 512;

/**
 * Groups consecutive items so that the sum of costs is least: the squared distance of every group from the
 * target size (a larger one weighs double) plus the costs of its borders. Dynamic programming over the items,
 * so the last groups are balanced too.
 */
export function pack(items: readonly Packable[], limits: PackLimits): Range[] {
  const best = new Float64Array(items.length + 1).fill(Infinity);
  const start = new Int32Array(items.length + 1);
  best[0] = 0;
  for (let from = 0; from < items.length; from++) extend({ items, limits, best, start }, from);
  const ranges: Range[] = [];
  for (let to = items.length; to > 0; to = start[to] ?? 0) ranges.push({ from: start[to] ?? 0, to });
  return ranges.reverse();
}

interface Table {
  readonly items: readonly Packable[];
  readonly limits: PackLimits;
  /** Least cost of the first n items. */
  readonly best: Float64Array;
  /** Where the last group of the first n items starts. */
  readonly start: Int32Array;
}

/** Tries every group that starts at `from`. */
function extend({ items, limits, best, start }: Table, from: number): void {
  const first = items[from];
  if (first === undefined) return;
  const base = (best[from] ?? 0) + (from === 0 ? 0 : first.cutCost);
  const last = first.isAlone ? from + 1 : Math.min(items.length, from + MAX_ITEMS);
  let tokens = 0;
  let joins = 0;
  for (let to = from + 1; to <= last; to++) {
    const item = items[to - 1];
    if (item === undefined) return;
    tokens += item.tokens;
    if (to > from + 1) joins += item.joinCost;
    if (tokens > limits.maxTokens && to > from + 1) return;
    const cost = base + joins + sizeCost(tokens, limits.targetTokens);
    if (cost < (best[to] ?? Infinity)) {
      best[to] = cost;
      start[to] = from;
    }
  }
}

function sizeCost(tokens: number, target: number): number {
  const distance = (tokens - target) / target;
  return distance * distance * (distance > 0 ? 2 : 1);
}
