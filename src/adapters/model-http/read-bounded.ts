/** The body's pieces until they are more than `maxBytes` together; then throws what `tooLarge` makes. */
export async function* readBounded(
  body: AsyncIterable<Uint8Array> | null,
  { maxBytes, tooLarge }: { readonly maxBytes: number; readonly tooLarge: () => Error },
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const piece of body ?? []) {
    total += piece.byteLength;
    if (total > maxBytes) throw tooLarge();
    yield piece;
  }
}

/** All pieces as UTF-8 text. */
export async function readText(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of pieces) text += decoder.decode(piece, { stream: true });
  return text + decoder.decode();
}

/** The lines of UTF-8 text as they come, without their ends; also the last one when it has no end. */
export async function* readLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open: string[] = [];
  for await (const piece of pieces) {
    const [first = '', ...rest] = decoder.decode(piece, { stream: true }).split('\n');
    open.push(first);
    for (const next of rest) {
      yield withoutReturn(open.join(''));
      open = [next];
    }
  }
  open.push(decoder.decode());
  const last = withoutReturn(open.join(''));
  if (last !== '') yield last;
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
