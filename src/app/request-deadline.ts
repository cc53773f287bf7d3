import { HoldfastError } from '../core/errors.ts';
import type { StartDeadline } from '../http/plugins/deadline.ts';
import { Deadline } from '../resilience/deadline.ts';

/** The reserve is this share of the deadline ... */
const RESERVE_SHARE = 0.25;
/** ... and at most so long: several times what an answer without models takes. */
const MAX_RESERVE_MS = 500;

/** A request's deadline, which keeps a reserve for the answer that needs no model. */
export const startDeadline: StartDeadline = (afterMs, parent) =>
  new Deadline({
    afterMs,
    parent,
    reserveMs: Math.min(MAX_RESERVE_MS, afterMs * RESERVE_SHARE),
    expired: () => new HoldfastError('deadline_exceeded', `No result within ${afterMs} ms`),
  });
