import { silence, WireError, type Call } from './call.ts';

/** Lets so many calls through at once as the knobs say; the others wait in the order in which they came. */
export interface Slots {
  /** @throws WireError 503 when the queue is full. Rejects when the call is given up while it waits. */
  run(call: Pick<Call, 'knobs' | 'signal'>, work: () => Promise<void>): Promise<void>;
}

export function createSlots(): Slots {
  let busy = 0;
  const waiting: (() => void)[] = [];
  const enter = async ({ knobs, signal }: Pick<Call, 'knobs' | 'signal'>): Promise<void> => {
    if (knobs.parallel === null || busy < knobs.parallel) {
      busy++;
      return;
    }
    if (waiting.length >= knobs.queue)
      throw new WireError(503, 'server busy, please try again.  maximum pending requests exceeded');
    const turn = Promise.withResolvers<void>();
    waiting.push(turn.resolve);
    try {
      await Promise.race([turn.promise, silence(signal)]);
    } catch (error) {
      const place = waiting.indexOf(turn.resolve);
      if (place >= 0) waiting.splice(place, 1);
      else leave();
      throw error;
    }
  };
  /** Hands the slot to the next call that waits. */
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) busy--;
    else next();
  };
  return {
    async run(call, work) {
      await enter(call);
      try {
        await work();
      } finally {
        leave();
      }
    },
  };
}
