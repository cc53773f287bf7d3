import type { Socket } from 'node:net';

/**
 * Ends a connection so that the peer gets a TCP reset. While the operating system is being told of the end of the
 * data, libuv refuses a reset (EINVAL), and Node 24 then loses the socket: its descriptor stays open, and the process
 * turns for ever in its last clean-up. So the reset waits for that one step.
 */
export function resetSocket(socket: Socket): void {
  const isBeingEnded = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isBeingEnded && !socket.destroyed) socket.once('finish', () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
}
