import type { IncomingMessage, ServerResponse } from 'node:http';
import { fromWire, inWireNames, isFields, toWire } from '../names.ts';
import { sendText } from './call.ts';
import type { Counts } from './counters.ts';
import type { Knobs } from './knobs.ts';
import { parsedJson, readBody } from './request-body.ts';

/** What the control endpoint of a stand-in shows and changes. */
export interface Control {
  knobs(): Knobs;
  counts(): Counts;
  set(knobs: Partial<Knobs>): void;
  reset(): void;
}

/** `GET` shows knobs and counts, `PATCH` changes knobs, `DELETE` resets. */
export async function answerControl(
  { knobs, counts, set, reset }: Control,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let status = 200;
  let problem: string | null = null;
  try {
    if (request.method === 'PATCH') {
      const body = parsedJson(await readBody(request));
      if (!isFields(body)) throw new RangeError('the body must be a JSON object of knobs');
      set(fromWire(body));
    } else if (request.method === 'DELETE') reset();
  } catch (error) {
    status = 400;
    problem = inWireNames(error instanceof Error ? error.message : String(error));
  }
  const shown = { knobs: toWire(knobs()), counts: toWire(counts()) };
  const text = JSON.stringify(problem === null ? shown : { error: problem });
  sendText(response, { status, type: 'application/json; charset=utf-8', text });
}
