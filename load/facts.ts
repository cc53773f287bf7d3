import { seededRandom } from '../bench/corpus.ts';

/** A document with facts that only it holds. */
export interface FactDocument {
  readonly key: string;
  readonly title: string;
  readonly text: string;
}

/** A question that one document answers. */
export interface FactQuestion {
  readonly query: string;
  /** Key of the only document that holds the answer. */
  readonly key: string;
}

const COLOURS =
  'amber azure beige black blond bronze brown cobalt copper coral crimson cyan ebony emerald golden green hazel indigo ivory jade khaki lemon lilac lime magenta maroon mauve mint ochre olive orange peach pearl plum purple rose ruby rust saffron scarlet'.split(
    ' ',
  );
const ANIMALS =
  'badger bison camel cheetah condor cougar coyote crane dolphin eagle falcon ferret gazelle gecko giraffe heron ibex jackal jaguar koala lemur leopard lynx marmot moose ocelot osprey otter panda panther parrot pelican puffin raven salmon sparrow tapir turtle walrus wombat'.split(
    ' ',
  );
const FILLER =
  'Operators read this page before a change and after it. The numbers are reviewed every quarter by the platform group. Alerts go to the shared channel and are acknowledged by whoever is awake. A ticket is opened for each deviation and closed with a note. Dashboards show the last thirty days in one view. Changes are rolled out on one machine first and then on the rest. Old entries are kept for reference and marked as such. The checklist is printed and lies beside the console. Questions about this page are answered by its authors. Drills are held twice a year without announcement.'.split(
    /(?<=\.) /,
  );

/** What there is to know about each system: the words of the question, and its answer from a number. */
const ATTRIBUTES: readonly (readonly [name: string, value: (n: number) => string])[] = [
  ['backup window', (n) => `${n % 24}:${String((n * 7) % 60).padStart(2, '0')} each night`],
  ['retention period', (n) => `${7 + (n % 360)} days`],
  ['listening port', (n) => `${2000 + n * 3}`],
  ['memory limit', (n) => `${2 + (n % 126)} gibibytes`],
  ['escalation contact', (n) => `extension ${4000 + n}`],
  ['patch day', (n) => `day ${1 + (n % 28)} of the month`],
  ['storage quota', (n) => `${50 + n} terabytes`],
  ['restart budget', (n) => `${1 + (n % 40)} restarts a week`],
  ['replication factor', (n) => `${2 + (n % 6)} copies`],
  ['session timeout', (n) => `${5 + (n % 300)} minutes`],
];
const PHRASINGS: readonly ((attribute: string, name: string) => string)[] = [
  (attribute, name) => `What is the ${attribute} of the ${name} system?`,
  (attribute, name) => `Which ${attribute} does the ${name} system have?`,
  (attribute, name) => `Tell me the ${attribute} of the ${name} system`,
];

/** The most documents that have names of their own. */
export const MAX_DOCUMENTS = COLOURS.length * ANIMALS.length;

/** Documents of ten passages, each with one fact; the same for the same number. */
export function factDocuments(count: number): readonly FactDocument[] {
  if (count > MAX_DOCUMENTS) throw new RangeError(`at most ${MAX_DOCUMENTS} documents, got ${count}`);
  const random = seededRandom(count);
  return Array.from({ length: count }, (_, at) => {
    const name = nameOf(at);
    const sections = ATTRIBUTES.map(([attribute, value]) => {
      const filler = FILLER.toSorted(() => random() - 0.5).slice(0, 8);
      const fact = `The ${attribute} of the ${name} system is ${value(at)}.`;
      filler.splice(Math.floor(random() * filler.length), 0, fact);
      return `## The ${attribute}\n\n${filler.join(' ')}\n`;
    });
    const title = `The ${name} system`;
    return { key: name.replace(' ', '-'), title, text: `# ${title}\n\n${sections.join('\n')}` };
  });
}

/** Every fact asked for in every phrasing, in a random order that is always the same. */
export function factQuestions(documents: number): readonly FactQuestion[] {
  const random = seededRandom(documents + 1);
  const questions: FactQuestion[] = [];
  for (let at = 0; at < documents; at++) {
    const name = nameOf(at);
    for (const [attribute] of ATTRIBUTES) {
      for (const phrase of PHRASINGS)
        questions.push({ query: phrase(attribute, name), key: name.replace(' ', '-') });
    }
  }
  return shuffled(questions, random);
}

function nameOf(at: number): string {
  const colour = COLOURS[at % COLOURS.length] ?? '';
  const animal = ANIMALS[(at + Math.floor(at / COLOURS.length)) % ANIMALS.length] ?? '';
  return `${colour} ${animal}`;
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const order = [...items];
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    const [one, two] = [order[at], order[other]];
    if (one !== undefined && two !== undefined) [order[at], order[other]] = [two, one];
  }
  return order;
}
