import type { Step } from '../core/ingest/job.ts';

/** Moments that are worth knowing: steps of documents, and what happens to the queue around them. */
export type Moment = Step | 'accept' | 'claim' | 'list' | 'finish' | 'delete';

/** Told synchronously as work goes on, for tests that end the process at a certain moment. */
export type Observe = (moment: Moment, when: 'before' | 'after') => void;
