import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/core/errors.ts';
import type { DocumentState } from '../../src/core/documents/document.ts';

/** What becomes of a file. */
export interface Fate {
  readonly state: DocumentState;
  readonly code: ErrorCode | null;
  /** Words that a search finds it by, when it is ready. */
  readonly words?: string;
}

const READY = { state: 'ready', code: null } as const;

export const LONG_NAME = `${'n'.repeat(252)}.md`;

/** Every name below the folder, with what has to become of it. Records of a list are named `file#record`. */
export const FATES: Readonly<Record<string, Fate>> = {
  'good.md': { ...READY, words: 'ordinary cormorant' },
  'below/deeper/good.txt': { ...READY, words: 'buried pelican' },
  'empty.md': { state: 'failed', code: 'document_empty' },
  'blank.md': { state: 'failed', code: 'document_empty' },
  'dangling.md': { state: 'failed', code: 'document_unreadable' },
  'circle-a.md': { state: 'failed', code: 'document_link_skipped' },
  'circle-b.md': { state: 'failed', code: 'document_link_skipped' },
  'binary.md': { state: 'failed', code: 'document_binary' },
  'photo.md': { state: 'failed', code: 'document_binary' },
  'huge.txt': { state: 'failed', code: 'document_too_large' },
  'photo.png': { state: 'skipped', code: 'document_unsupported' },
  'outside.md': { state: 'skipped', code: 'document_link_skipped' },
  'below/up': { state: 'skipped', code: 'document_link_skipped' },
  'latin-1.md': { ...READY, words: 'Café Zürich' },
  'utf-16-le.md': { ...READY, words: 'littleendian Müller' },
  'utf-16-be.md': { ...READY, words: 'bigendian Müller' },
  'utf-16-le-bare.md': { ...READY, words: 'barelittle Müller' },
  'utf-16-be-bare.md': { ...READY, words: 'barebig Müller' },
  'deep.html': { ...READY, words: 'nested flamingo' },
  'one-line.md': { ...READY, words: 'endless albatross' },
  'records.jsonl#first': { ...READY, words: 'first sparrow' },
  'records.jsonl#third': { ...READY, words: 'third sparrow' },
  'records.jsonl#2': { state: 'failed', code: 'document_malformed' },
  'line\nbreak.md': { ...READY, words: 'broken heron' },
  '🦩 flamingo.md': { ...READY, words: 'pictured flamingo' },
  [LONG_NAME]: { ...READY, words: 'lengthy stork' },
};

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const MEGABYTE = 2 ** 20;

/** Fills a folder with one file of every kind that has ever broken an ingest, and good ones between them. */
export function writeBadFolder(folder: string, outside: string): void {
  const write = (name: string, content: string | Uint8Array): void =>
    writeFileSync(join(folder, name), content);
  mkdirSync(join(folder, 'below/deeper'), { recursive: true });
  write('good.md', '# Good\n\nAn ordinary cormorant dries its wings.\n');
  write('below/deeper/good.txt', 'A buried pelican waits below two folders.\n');
  write('empty.md', '');
  write('blank.md', ' \n\t\n');
  write('binary.md', Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 193) % 256)));
  write('photo.md', Buffer.concat([PNG, Buffer.alloc(2000, 1)]));
  write('photo.png', Buffer.concat([PNG, Buffer.alloc(2000, 1)]));
  write('huge.txt', Buffer.alloc(50 * MEGABYTE, 'Words upon words. '));
  write('deep.html', `${'<div>'.repeat(100_000)}<p>A nested flamingo stands on one leg.</p>`);
  write(
    'one-line.md',
    `The endless albatross glides. ${'It goes on and on without a break. '.repeat(150_000)}`,
  );
  write(
    'records.jsonl',
    '{"id": "first", "text": "The first sparrow."}\n{"id": "second", "text": \n{"id": "third", "text": "The third sparrow."}\n',
  );
  write('line\nbreak.md', '# Line\n\nA broken heron name.\n');
  write('🦩 flamingo.md', '# Emoji\n\nA pictured flamingo.\n');
  write(LONG_NAME, '# Long\n\nA lengthy stork name.\n');
  writeEncodings(write);
  writeLinks(folder, outside);
}

function writeEncodings(write: (name: string, content: Uint8Array) => void): void {
  write('latin-1.md', Buffer.from('# Caf\xe9\n\nEin Caf\xe9 in Z\xfcrich \xf6ffnet fr\xfch.\n', 'latin1'));
  for (const [name, word] of [
    ['utf-16-le.md', '\ufefflittleendian'],
    ['utf-16-le-bare.md', 'barelittle'],
    ['utf-16-be.md', '\ufeffbigendian'],
    ['utf-16-be-bare.md', 'barebig'],
  ] as const) {
    const bytes = Buffer.from(
      `${word} says that Frau Müller wrote this text in two bytes a letter.\n`,
      'utf16le',
    );
    write(name, name.includes('-be') ? bytes.swap16() : bytes);
  }
}

function writeLinks(folder: string, outside: string): void {
  writeFileSync(join(outside, 'secret.md'), '# Secret\n\nAn outside cuckoo.\n');
  symlinkSync(join(outside, 'secret.md'), join(folder, 'outside.md'));
  symlinkSync('nowhere.md', join(folder, 'dangling.md'));
  symlinkSync('circle-b.md', join(folder, 'circle-a.md'));
  symlinkSync('circle-a.md', join(folder, 'circle-b.md'));
  symlinkSync('..', join(folder, 'below/up'));
}
