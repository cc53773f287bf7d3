import { setPriority } from 'node:os';

/** A third of the weight of the thread that answers, when the cores are busy with both. */
const NICENESS = 5;

/** Lets the thread that answers go before this one. Only Linux has priorities for threads: elsewhere it does nothing. */
export function letAnswersGoFirst(): void {
  // Elsewhere it would be the whole process.
  if (process.platform === 'linux') setPriority(NICENESS);
}
