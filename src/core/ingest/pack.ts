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
  const table: Table = {
    tokens: Float64Array.from(items, (item) => item.tokens),
    joinCosts: Float64Array.from(items, (item) => item.joinCost),
    best: new Float64Array(items.length + 1).fill(Infinity),
    start: new Int32Array(items.length + 1),
  };
  table.best[0] = 0;
  for (const [from, { cutCost, isAlone }] of items.entries()) {
    const base = (table.best[from] ?? 0) + (from === 0 ? 0 : cutCost);
    extend(table, limits, {
      from,
      base,
      last: isAlone ? from + 1 : Math.min(items.length, from + MAX_ITEMS),
    });
  }
  const ranges: Range[] = [];
  for (let to = items.length; to > 0; to = table.start[to] ?? 0)
    ranges.push({ from: table.start[to] ?? 0, to });
  return ranges.reverse();
}

/** Plain numbers, so that the inner loop touches no objects. */
interface Table {
  readonly tokens: Float64Array;
  readonly joinCosts: Float64Array;
  /** Least cost of the first n items. */
  readonly best: Float64Array;
  /** Where the last group of the first n items starts. */
  readonly start: Int32Array;
}

interface Opening {
  readonly from: number;
  /** Cost of everything before. */
  readonly base: number;
  /** The group ends here at the latest. */
  readonly last: number;
}

/** Tries every group that starts at `from`. */
function extend(
  { tokens, joinCosts, best, start }: Table,
  limits: PackLimits,
  { from, base, last }: Opening,
): void {
  const { targetTokens, maxTokens } = limits;
  let sum = tokens[from] ?? 0;
  let cost = base;
  for (let to = from + 1; ; to++) {
    const total = cost + sizeCost(sum, targetTokens);
    if (total < (best[to] ?? Infinity)) {
      best[to] = total;
      start[to] = from;
    }
    if (to >= last) return;
    sum += tokens[to] ?? 0;
    if (sum > maxTokens) return;
    cost += joinCosts[to] ?? 0;
  }
}

function sizeCost(tokens: number, target: number): number {
  const distance = (tokens - target) / target;
  return distance * distance * (distance > 0 ? 2 : 1);
}
