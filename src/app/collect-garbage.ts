import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as NodeJS.GCFunction;
// Compiled code in the cache is only good for the flags that it was compiled with.
setFlagsFromString('--no-expose-gc');

/**
 * Collects all garbage of this thread, now, and gives its memory back to the system, which V8 would keep for some
 * seconds. The thread stands still meanwhile.
 */
export function collectGarbage(): void {
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
