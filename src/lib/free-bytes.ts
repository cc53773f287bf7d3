/** Below this size the garbage collector does well enough, and bytes may share their memory with others. */
const LARGE_BYTES = 2 ** 20;

/**
 * Gives the memory of large bytes back at once, and not whenever the garbage collector comes: afterwards they are empty.
 * Only for whoever is the last to have them.
 */
export function freeBytes({ buffer, byteLength }: ArrayBufferView): void {
  if (byteLength >= LARGE_BYTES && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
