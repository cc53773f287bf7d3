import { AsyncLocalStorage } from 'node:async_hooks';

/** A call that was made for a question, and how it ended for the one who made it. */
export interface Call {
  readonly part: string;
  /** `pending`: it was given up. */
  end: 'pending' | 'ok' | 'null' | 'lie' | 'threw';
  /** What the generator wrote, what the index counted, ... */
  detail: unknown;
  /** Injected into it; null: nothing. */
  fault: string | null;
}

/** What was done for one question, in order. */
export interface Journal {
  readonly calls: Call[];
}

const journals = new AsyncLocalStorage<Journal>();

/** Runs the work of one question; calls in it, and in all that it starts, go into the journal. */
export function journaling<T>(journal: Journal, work: () => T): T {
  return journals.run(journal, work);
}

/** Notes a call for the question that it is made for; calls for none (canaries) are noted nowhere. */
export function noted(part: string): Call {
  const call: Call = { part, end: 'pending', detail: null, fault: null };
  journals.getStore()?.calls.push(call);
  return call;
}

/** The call that was noted last for the question at work. */
export function lastNoted(): Call | undefined {
  return journals.getStore()?.calls.at(-1);
}

/** Notes a call and how it ends. */
export async function observed<T>(
  part: string,
  work: (call: Call) => Promise<T>,
  judge: (value: T) => Call['end'] = () => 'ok',
): Promise<T> {
  const call = noted(part);
  try {
    const value = await work(call);
    settle(call, judge(value));
    return value;
  } catch (error) {
    settle(call, 'threw');
    throw error;
  }
}

/** What a call does after it was given up no longer matters. */
function settle(call: Call, end: Call['end']): void {
  if (call.end === 'pending') call.end = end;
}
