import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFaultProxy } from '../src/faults/proxy.ts';
import { quantile } from './quantiles.ts';

const WARM_UP = 500;
const ROUNDS = 3000;
const BODY = Buffer.alloc(4096, 'x');

/** A row of the table: p50 and p99 of a request in milliseconds, and what p50 and p99 are more than without a proxy. */
export type FaultProxyRow = readonly [
  way: string,
  p50: string,
  p99: string,
  added50: string,
  added99: string,
];

/**
 * What the fault proxy costs when it does nothing: a POST of 4 KB, answered with 4 KB, over one kept connection, straight
 * and through the proxy. The ways take turns, so that a busy machine is busy for all of them.
 */
export async function faultProxyTable(): Promise<readonly FaultProxyRow[]> {
  const server = createServer((received, response) => {
    received.resume().once('end', () => response.end(BODY));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await using tcp = await createFaultProxy({ upstream });
    await using idle = await createFaultProxy({ upstream, toxics: [{ type: 'latency', latencyMs: 0 }] });
    await using http = await createFaultProxy({ upstream, protocol: 'http' });
    const ways = [
      { name: 'straight', ...startWay(upstream) },
      { name: 'tcp', ...startWay(tcp.address) },
      { name: 'tcp, a toxic of no effect', ...startWay(idle.address) },
      { name: 'http', ...startWay(http.address) },
    ];
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      // Each way comes after each other one: what follows a garbage collection is not always the same.
      for (const { call, times } of round % 2 === 0 ? ways : ways.toReversed()) {
        const began = performance.now();
        await call();
        if (round >= 0) times.push(performance.now() - began);
      }
    }
    const straight = ways[0]?.times ?? [];
    for (const { end } of ways) end();
    return ways.map(({ name, times }) => rowOf(name, times, straight));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function rowOf(name: string, times: readonly number[], straight: readonly number[]): FaultProxyRow {
  const at = (share: number): number => quantile(times, share);
  const more = (share: number): number => at(share) - quantile(straight, share);
  return [name, at(0.5).toFixed(3), at(0.99).toFixed(3), more(0.5).toFixed(3), more(0.99).toFixed(3)];
}

function startWay(address: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const call = async (): Promise<void> => {
    const headers = { 'content-length': BODY.length };
    const sent = request(`http://${address}`, { method: 'POST', agent, headers });
    sent.end(BODY);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let size = 0;
    for await (const part of response) size += (part as Buffer).length;
    if (response.statusCode !== 200 || size !== BODY.length)
      throw new Error(`a wrong answer of ${size} bytes`);
  };
  return { call, times: [] as number[], end: () => agent.destroy() };
}
