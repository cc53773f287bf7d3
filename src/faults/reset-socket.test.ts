import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { resetSocket } from './reset-socket.ts';

/** How both sides of a connection end when one of them does this to its own. */
async function endsOf(work: (socket: Socket) => void): Promise<readonly (string | null)[]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  const [socket] = (await once(server, 'connection')) as [Socket];
  const ends = [socket, client].map(async (side) => {
    let code: string | null = null;
    side.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? 'none'));
    await new Promise((resolve) => side.once('close', resolve));
    return code;
  });
  work(socket);
  await ends[0];
  client.resume();
  const codes = await Promise.all(ends);
  server.close();
  await once(server, 'close');
  return codes;
}

test('the peer gets a reset', async () => {
  assert.deepEqual(await endsOf(resetSocket), [null, 'ECONNRESET']);
});

test('also in front of data that has not gone out', async () => {
  const codes = await endsOf((socket) => {
    socket.end(Buffer.alloc(2e7));
    resetSocket(socket);
  });
  assert.deepEqual(codes, [null, 'ECONNRESET']);
});

test('a socket that is just being ended is closed without an error', async () => {
  const [code] = await endsOf((socket) => {
    socket.end();
    resetSocket(socket);
  });
  assert.equal(code, null);
});

test('a socket that has been ended is closed', async () => {
  const [code] = await endsOf((socket) => socket.end(() => resetSocket(socket)));
  assert.equal(code, null);
});
