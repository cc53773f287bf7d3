import { HoldfastError } from '../../core/errors.ts';

/** The kind of a list, so that a cursor of one list is refused by another. */
export type CursorKind = 'collections' | 'documents' | 'chunks' | 'jobs';

/** An opaque cursor that stands after the item with this key. */
export function encodeCursor(kind: CursorKind, key: string): string {
  return Buffer.from(`${kind}:${key}`, 'utf8').toString('base64url');
}

/** The key that the cursor stands after. @throws HoldfastError `invalid_cursor`. */
export function decodeCursor(kind: CursorKind, cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url');
  const text = bytes.toString('utf8');
  if (encodesTo(text, cursor) && text.startsWith(`${kind}:`)) return text.slice(kind.length + 1);
  throw new HoldfastError(
    'invalid_cursor',
    `"${cursor.slice(0, 100)}" is not a cursor of a list of ${kind}.`,
  );
}

function encodesTo(text: string, cursor: string): boolean {
  return Buffer.from(text, 'utf8').toString('base64url') === cursor;
}
