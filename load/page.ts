import { readFileSync, writeFileSync } from 'node:fs';

/** The text with the part between a section's markers replaced. @throws when the markers are missing. */
export function replaceSection(text: string, name: string, body: string): string {
  const [begin, end] = markersOf(name);
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page lacks the markers ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${body.trim()}\n\n${text.slice(to)}`;
}

/** Replaces one section of a page on disk; everything else is written by hand. */
export function writeSection(page: URL, name: string, body: string): void {
  writeFileSync(page, replaceSection(readFileSync(page, 'utf8'), name, body));
}

/** What a section of a page on disk holds now. */
export function readSection(page: URL, name: string): string {
  const text = readFileSync(page, 'utf8');
  const [begin, end] = markersOf(name);
  return text.slice(text.indexOf(begin) + begin.length, text.indexOf(end));
}

function markersOf(name: string): readonly [begin: string, end: string] {
  return [`<!-- begin of ${name} -->`, `<!-- end of ${name} -->`];
}
