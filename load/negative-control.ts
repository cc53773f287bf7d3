import { offer } from './generator.ts';
import type { LoadPlan } from './plan.ts';
import { verdictOf } from './run-figures.ts';
import { startServer } from './server-process.ts';
import type { LoadStore } from './store.ts';

const SECONDS = 1;
const PER_SECOND = 50;

/**
 * Runs that must not count (R85): clients that are turned away, and answers to other questions than were asked. Returns
 * a Markdown paragraph. @throws when one of them is taken for a valid run: then no figure can be trusted.
 */
export async function negativeControl(store: LoadStore): Promise<string> {
  await using server = await startServer(store.dataDir);
  const { questions, ...rest } = store.material;
  const model = { kind: 'open', perSecond: PER_SECOND, seed: 1 } as const;
  const plan: LoadPlan = { address: server.address, ...rest, questions, seconds: SECONDS, model };
  // The document that answers the first question answers none of the others.
  const [first] = questions;
  const swapped = questions
    .filter(({ documentId }) => documentId !== first?.documentId)
    .map(({ query }) => ({ query, documentId: first?.documentId ?? '' }));
  const controls = {
    'clients that are turned away (403)': { ...plan, headers: { host: 'forged.example' } },
    'answers from the wrong document': { ...plan, questions: swapped },
  };
  const lines: string[] = [];
  for (const [name, control] of Object.entries(controls)) {
    const verdict = verdictOf(await offer(control), { mayRefuse: true });
    if (verdict.isValid) throw new Error(`the negative control "${name}" was taken for a valid run`);
    lines.push(`- ${name}: INVALID RUN, ${verdict.reason}`);
  }
  return `Negative control (R85), with the same generator and rules:\n\n${lines.join('\n')}`;
}
