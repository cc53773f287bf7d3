import { guardingFigures } from '../bench/guarding.ts';
import { resilienceTable } from '../bench/resilience.ts';
import { table } from '../eval/report.ts';
import { describeDisturbance, watched } from '../bench/disturbance.ts';
import { judged, type Section } from './section.ts';

const LIMIT_MICROSECONDS = 50;

/** What everything that guards a question adds while nothing fails. */
export const added: Section = {
  name: 'added',
  async measure({ note }) {
    note('added: guarded and bare calls');
    const { value, disturbance } = await watched(async () => ({
      ...(await guardingFigures()),
      single: await resilienceTable(),
    }));
    return [
      'The three model calls of one question (embed, rerank, generate) to models in the same process that answer at once: bare, and behind admission, deadline, monitors, retry, bulkheads, breakers, timeouts and the clocks of a stream. Both ways take turns in one run.',
      value.rows,
      table(
        ['target', 'measured', ''],
        [
          [
            `at most ${LIMIT_MICROSECONDS} microseconds added (p99)`,
            `${value.addedP99.toFixed(1)} microseconds`,
            judged(value.addedP99 <= LIMIT_MICROSECONDS),
          ],
        ],
      ),
      'One call through the whole stack alone, beside two libraries in the same run (R2: at most 2 microseconds added, p50):',
      value.single,
      describeDisturbance(disturbance),
    ].join('\n\n');
  },
};
