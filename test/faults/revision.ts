import type { Random } from './random.ts';

/** One content of one item, recognisable in every part of it. */
export interface Revision {
  /** A made-up word that is in every paragraph of this revision and nowhere else. */
  readonly marker: string;
  /** Texts of the documents that the item holds, in order of their keys. */
  readonly texts: readonly string[];
}

const LETTERS = 'bcdfghjklmnpqrtvwxz';
const WORDS = [
  'harbour',
  'lantern',
  'meadow',
  'orchard',
  'pebble',
  'quarry',
  'river',
  'saddle',
  'timber',
  'valley',
];
/** About two chunks of the splitter. */
const WORDS_PER_PARAGRAPH = 60;

/** Makes revisions that differ in their marker. */
export function createRevisions(random: Random): (documents?: number) => Revision {
  let made = 0;
  return (documents = 1) => {
    const marker = markerOf(made++);
    const texts = Array.from({ length: documents }, () => textOf(marker, random));
    return { marker, texts };
  };
}

function markerOf(number: number): string {
  let rest = number;
  let marker = 'q';
  for (let at = 0; at < 5; at++) {
    marker += LETTERS[rest % LETTERS.length] ?? '';
    rest = Math.floor(rest / LETTERS.length);
  }
  return `${marker}k`;
}

function textOf(marker: string, random: Random): string {
  const paragraphs = Array.from({ length: 1 + random.below(10) }, () => {
    const words = Array.from({ length: WORDS_PER_PARAGRAPH }, () => random.pick(WORDS));
    return `${marker} ${words.join(' ')}.`;
  });
  return paragraphs.join('\n\n');
}
