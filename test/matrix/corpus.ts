import assert from 'node:assert/strict';

const SYLLABLES = ['ka', 'lo', 'mi', 'ru', 'te', 'vo', 'zi'];
const TEMPLATES = [
  (name: string) => `When do the backups of the cluster ${name} run?`,
  (name: string) => `At what time do backups of the cluster ${name} run daily?`,
  (name: string) => `Backups of the cluster ${name}: when do they run?`,
  (name: string) => `When does the cluster ${name} run its backups?`,
  (name: string) => `What time do the daily backups of ${name} run?`,
  (name: string) => `When are the backups of the cluster ${name} run?`,
  (name: string) => `The cluster ${name}: when do its daily backups run?`,
  (name: string) => `When do the daily backups of the cluster ${name} run?`,
];

/** A document whose answer is known, and that no other document can be mistaken for. */
export interface Known {
  readonly name: string;
  readonly title: string;
  readonly text: string;
}

/** Documents about clusters with names that occur once. */
export const CORPUS: readonly Known[] = Array.from({ length: 49 }, (_, index) => {
  const syllable = (place: number): string => SYLLABLES[place % SYLLABLES.length] ?? '';
  const name = `${syllable(index)}${syllable(Math.floor(index / SYLLABLES.length))}${syllable(index + 3)}nor`;
  const hour = String(index % 24).padStart(2, '0');
  const text = `# Cluster ${name}\n\nBackups of the cluster ${name} run daily at ${hour}:15. They are kept for ${index + 7} days.\n`;
  return { name, title: `Cluster ${name}`, text };
});

export interface Question {
  readonly text: string;
  readonly about: Known;
}

/** The n-th question; no two of the first 392 have the same words, so that no remembered vector serves. */
export function questionOf(n: number): Question {
  const about = CORPUS[n % CORPUS.length] ?? assert.fail('no corpus');
  const template = TEMPLATES[Math.floor(n / CORPUS.length) % TEMPLATES.length] ?? assert.fail('no template');
  return { text: template(about.name), about };
}
