/** Everything that an asynchronous iterable gives, in order. */
export async function collected<T>(pieces: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}
