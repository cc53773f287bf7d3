import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEvaluationSet } from '../src/app/evaluation-set.ts';
import { sentenceSpans } from '../src/core/documents/sentences.ts';
import { locateSet, RETRIEVAL_SETS } from '../eval/locate.ts';

/** A small fast generator (mulberry32): the same seed gives the same corpus. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Material {
  readonly sentences: readonly string[];
  readonly titles: readonly string[];
  readonly queries: readonly string[];
}

/** Sentences, titles and questions of every judged set that is there. */
export async function readMaterial(): Promise<Material> {
  const sentences: string[] = [];
  const titles: string[] = [];
  const queries: string[] = [];
  for (const name of RETRIEVAL_SETS) {
    const folder = locateSet(name);
    if (folder === null) continue;
    const set = await readEvaluationSet(folder);
    for (const line of Buffer.from(set.corpus).toString('utf8').split('\n')) {
      if (line === '') continue;
      const { title, text } = JSON.parse(line) as { readonly title: string; readonly text: string };
      if (title !== '') titles.push(title);
      for (const { start, end } of sentenceSpans(text, 0, text.length)) {
        const sentence = text.slice(start, end).replaceAll(/\s+/g, ' ');
        if (sentence.length > 20 && sentence.length < 600) sentences.push(sentence);
      }
    }
    queries.push(...set.queries.slice(0, 200).map(({ text }) => text));
  }
  return { sentences, titles, queries };
}

const SECTIONS = 10;
const SENTENCES = [5, 6, 7, 8, 9];

/** Number and size of generated files. */
export interface Corpus {
  readonly files: number;
  readonly bytes: number;
}

/** What a generated document says. */
interface Page {
  readonly title: string;
  readonly sections: readonly { readonly title: string; readonly text: string }[];
}

/** Writes Markdown files of ten sections, each about one passage; returns their number and size. */
export async function writeCorpus(folder: string, files: number, material: Material): Promise<Corpus> {
  const page = pageWriting(material);
  return writeFiles(folder, files, () => ({ ending: 'md', text: markdown(page()) }));
}

/** As `writeCorpus`, every second file HTML. */
export async function writeMixedCorpus(folder: string, files: number, material: Material): Promise<Corpus> {
  const page = pageWriting(material);
  return writeFiles(folder, files, (file) =>
    file % 2 === 0 ? { ending: 'md', text: markdown(page()) } : { ending: 'html', text: html(page()) },
  );
}

/** Writes Markdown files of one sentence each. */
export async function writeNotes(folder: string, files: number, { sentences }: Material): Promise<Corpus> {
  const random = seededRandom(8601);
  return writeFiles(folder, files, (file) => ({
    ending: 'md',
    text: `# Note ${file}\n\n${sentences[Math.floor(random() * sentences.length)] ?? ''}\n`,
  }));
}

function pageWriting({ sentences, titles }: Material): () => Page {
  const random = seededRandom(8600);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  return () => {
    const sections = Array.from({ length: SECTIONS }, () => {
      const text = Array.from({ length: pick(SENTENCES) }, () => pick(sentences)).join(' ');
      return { title: pick(titles), text };
    });
    return { title: pick(titles), sections };
  };
}

function markdown({ title, sections }: Page): string {
  return `# ${title}\n\n${sections.map((section) => `## ${section.title}\n\n${section.text}\n`).join('\n')}`;
}

function html({ title, sections }: Page): string {
  const body = sections.map(
    (section) => `<section><h2>${escaped(section.title)}</h2><p>${escaped(section.text)}</p></section>`,
  );
  return `<!doctype html><html><head><title>${escaped(title)}</title></head><body><h1>${escaped(title)}</h1>${body.join('\n')}</body></html>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

async function writeFiles(
  folder: string,
  files: number,
  make: (file: number) => { readonly ending: string; readonly text: string },
): Promise<Corpus> {
  let bytes = 0;
  for (let file = 0; file < files; file++) {
    const { ending, text } = make(file);
    const place = join(folder, String(file % 100).padStart(2, '0'));
    if (file < 100) await mkdir(place, { recursive: true });
    await writeFile(join(place, `${String(file).padStart(6, '0')}.${ending}`), text);
    bytes += Buffer.byteLength(text);
  }
  return { files, bytes };
}
