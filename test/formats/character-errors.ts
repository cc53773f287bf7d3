/** Share of characters that differ, by edit distance over the length of the reference; white space counts once. */
export function characterErrorRate(extracted: string, reference: string): number {
  const [is, should] = [normalised(extracted), normalised(reference)];
  return editDistance(is, should) / Math.max(1, should.length);
}

function normalised(text: string): string {
  return text.normalize('NFC').replaceAll(/\s+/g, ' ').trim();
}

/** Levenshtein, in one row. */
function editDistance(left: string, right: string): number {
  let row = Uint32Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let i = 1; i <= left.length; i++) {
    const next = new Uint32Array(right.length + 1);
    next[0] = i;
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next[j] = Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
