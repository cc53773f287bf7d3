import { ModelError } from '../../core/models/model-error.ts';

/** The same pieces. @throws ModelError `unusable` at the end when all of them together say nothing. */
export async function* nonEmpty(place: string, pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let isEmpty = true;
  for await (const piece of pieces) {
    if (isEmpty && piece.trim() !== '') isEmpty = false;
    yield piece;
  }
  if (isEmpty) throw new ModelError('unusable', `${place} answered without any text`);
}
