import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Posted {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request over a connection of its own, so that no pool of the client shows up among the server's sockets. */
export async function post(
  url: string,
  { json, signal }: { readonly json: unknown; readonly signal: AbortSignal },
): Promise<Posted> {
  const sent = request(url, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', connection: 'close' },
    signal,
  });
  sent.end(JSON.stringify(json));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) };
}
