/** The value below which the share of all values lies, by the nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** p50, p95 and p99 in milliseconds with three digits. */
export function spread(values: readonly number[]): [string, string, string] {
  return [
    quantile(values, 0.5).toFixed(3),
    quantile(values, 0.95).toFixed(3),
    quantile(values, 0.99).toFixed(3),
  ];
}
