import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The sets that retrieval is measured on, in the order of the tables. */
export const RETRIEVAL_SETS = [
  'scifact',
  'cranfield',
  'squad2-dev',
  'claude-docs',
  'contextual-code',
] as const;

const PLACES = ['./sets/', '../../shared/eval/sets/'];

/** The folder of a judged set: the package carries two, the others lie beside the checkout. Null, loudly, when it is missing. */
export function locateSet(name: string): string | null {
  for (const place of PLACES) {
    const folder = fileURLToPath(new URL(`${place}${name}`, import.meta.url));
    if (existsSync(`${folder}/queries.jsonl`)) return folder;
  }
  process.stderr.write(
    `NOT MEASURED: the set ${name} is not there (looked in eval/sets and ../shared/eval/sets)\n`,
  );
  return null;
}

/** The reference BM25 that lies beside the checkout, or null. */
export function locateReference(): string | null {
  const script = fileURLToPath(new URL('../../shared/eval/ir/bm25.mjs', import.meta.url));
  return existsSync(script) ? script : null;
}
