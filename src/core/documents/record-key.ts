/** Starts the key of a document that is a file within another one: `archive.zip!/folder/a.txt`. */
export const WITHIN = '!/';

/** The key of what has a key within something that has one; null for the whole of it. */
export function joinKeys(outer: string, inner: string | null): string {
  if (inner === null) return outer;
  return inner.startsWith(WITHIN) ? outer + inner : `${outer}#${inner}`;
}
