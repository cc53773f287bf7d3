import { cut, sendText, silence, type Call, type ErrorBody } from './call.ts';
import { HEALTHY, type Knobs } from './knobs.ts';

/** The knobs with everything off that `share` and `faultsOn` govern; how fast the server is stays. */
export function spared(knobs: Knobs): Knobs {
  const { parallel, queue, coldLoadMs, delayMs, timeToFirstTokenMs, tokenIntervalMs } = knobs;
  return { ...HEALTHY, parallel, queue, coldLoadMs, delayMs, timeToFirstTokenMs, tokenIntervalMs };
}

/** Whether the knobs make an answer wrong at all. */
export function hasFault(knobs: Knobs): boolean {
  const { redirectTo, status, hangs, body, embeddings, answerBytes, breakAfterTokens } = knobs;
  return (
    hangs || [redirectTo, status, body, embeddings, answerBytes, breakAfterTokens].some((set) => set !== null)
  );
}

/** Answers in place of the handler when a knob says so. Resolves to whether it did; rejects when the call is given up. */
export async function injectedAnswer(call: Call, errorBody: ErrorBody): Promise<boolean> {
  const { knobs, response, signal } = call;
  if (knobs.redirectTo !== null) {
    response.writeHead(307, { location: knobs.redirectTo, 'content-length': 0 }).end();
    return true;
  }
  if (knobs.status !== null) {
    if (knobs.retryAfter !== null) response.setHeader('retry-after', knobs.retryAfter);
    const text = JSON.stringify(errorBody(knobs.status, messageOf(knobs.status)));
    sendText(response, { status: knobs.status, type: 'application/json; charset=utf-8', text });
    return true;
  }
  if (knobs.hangs) await silence(signal);
  if (knobs.body === null) return false;
  sendFalseBody(call, knobs.body);
  return true;
}

function messageOf(status: number): string {
  if (status === 429) return 'rate limit exceeded';
  if (status === 503) return 'server busy, please try again.  maximum pending requests exceeded';
  return `injected status ${status}`;
}

const HTML =
  '<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n';

function sendFalseBody(call: Call, body: NonNullable<Knobs['body']>): void {
  const { response } = call;
  const json = 'application/json; charset=utf-8';
  if (body === 'html') sendText(response, { status: 200, type: 'text/html', text: HTML });
  else if (body === 'empty') sendText(response, { status: 200, type: json, text: '' });
  else if (body === 'other_json') sendText(response, { status: 200, type: json, text: '{"ok":true}' });
  else if (body === 'garbage')
    sendText(response, { status: 200, type: json, text: '{"embeddings":[[0.1,\u0000\uFFFD]]' });
  else sendTruncated(call);
}

/** Half of what the headers promise, then the end of the connection. */
function sendTruncated(call: Call): void {
  const { response } = call;
  const half = '{"model":"m","embeddings":[[0.01,';
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': half.length * 2,
  });
  response.write(half, () => cut(call, 'close'));
}
