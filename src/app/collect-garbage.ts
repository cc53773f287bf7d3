import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects all garbage of this thread, now. The thread stands still meanwhile. */
export function collectGarbage(): void {
  collect();
}
