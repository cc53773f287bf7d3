import type { Answer } from './composed-answer.ts';
import type { Counters } from './counters.ts';
import type { Shelf } from './shelf.ts';

/** What the handlers of Ollama's routes share. */
export interface Ollama {
  readonly shelf: Shelf;
  readonly counters: Counters;
  readonly answer: Answer;
}
