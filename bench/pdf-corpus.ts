import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { seededRandom, type Material } from './corpus.ts';

/** PDFs of one kind in a folder of their own. */
export interface PdfFolder {
  /** As the table calls it. */
  readonly kind: string;
  readonly path: string;
  readonly files: number;
  readonly pages: number;
}

const FIXTURES = new URL('../test/fixtures/office/', import.meta.url);

/** Writes born-digital PDFs of three kinds; the same sentences give the same files. */
export async function writePdfs(root: string, material: Material): Promise<readonly PdfFolder[]> {
  const random = seededRandom(150);
  return [
    await writeFolder(root, {
      kind: 'generated reports of 25 pages in one column',
      files: 48,
      pages: 25,
      make: () => report(25, material, random),
    }),
    await writeFolder(root, {
      kind: 'documents of LibreOffice, 60 pages in two columns, fonts embedded',
      files: 20,
      pages: 60,
      make: (file) => libreOffice('columns.pdf', 20, file),
    }),
    await writeFolder(root, {
      kind: 'documents of LibreOffice, 1 page, fonts embedded',
      files: 200,
      pages: 1,
      make: (file) => libreOffice('report.pdf', 1, file),
    }),
  ];
}

interface Kind {
  readonly kind: string;
  readonly files: number;
  /** Of each file. */
  readonly pages: number;
  readonly make: (file: number) => Buffer;
}

async function writeFolder(root: string, { kind, files, pages, make }: Kind): Promise<PdfFolder> {
  const path = join(root, kind.replaceAll(/[^a-z0-9]+/gi, '-'));
  await mkdir(path, { recursive: true });
  for (let file = 0; file < files; file++)
    await writeFile(join(path, `${String(file).padStart(4, '0')}.pdf`), make(file));
  return { kind, path, files, pages: files * pages };
}

const LINES_PER_PAGE = 46;
const LINE_CHARS = 88;

/** Packed pages of prose with a header, headings and page numbers, in a font that needs no file. */
function report(pages: number, material: Material, random: () => number): Buffer {
  const kids = Array.from({ length: pages }, (_, at) => `${2 * at + 4} 0 R`).join(' ');
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages} /Kids [${kids}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
  ];
  for (let page = 1; page <= pages; page++) {
    const packed = deflateSync(drawnPage(page, material, random)).toString('latin1');
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${2 * page + 3} 0 R >>`,
      `<< /Length ${packed.length} /Filter /FlateDecode >>\nstream\n${packed}\nendstream`,
    );
  }
  return pdfOf(objects);
}

function drawnPage(page: number, { sentences, titles }: Material, random: () => number): string {
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? '';
  const lines: string[] = [];
  let line = '';
  while (lines.length < LINES_PER_PAGE)
    for (const word of pick(sentences).split(' ')) {
      if (line.length + word.length >= LINE_CHARS) {
        lines.push(line);
        line = '';
      }
      line += line === '' ? word : ` ${word}`;
    }
  const body = lines.slice(0, LINES_PER_PAGE).map((text) => `(${escaped(text)}) Tj T*`);
  return [
    'BT /F1 8 Tf 50 815 Td (Annual report of the archive) Tj ET',
    `BT /F1 16 Tf 50 780 Td (${escaped(pick(titles).slice(0, 60))}) Tj ET`,
    `BT /F1 10 Tf 15 TL 50 750 Td ${body.join('\n')} ET`,
    `BT /F1 8 Tf 290 30 Td (${page}) Tj ET`,
  ].join('\n');
}

/** As a string of a PDF. Characters that Windows-1252 lacks are question marks. */
function escaped(text: string): string {
  return text.replaceAll(/[\\()]/g, String.raw`\$&`).replaceAll(/[^ -~\u00a1-\u00ff]/g, '?');
}

function pdfOf(objects: readonly string[]): Buffer {
  let text = '%PDF-1.4\n';
  const places = objects.map((object, at) => {
    const place = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(place).padStart(10, '0')} 00000 n \n`;
  });
  const size = objects.length + 1;
  text += `xref\n0 ${size}\n0000000000 65535 f \n${places.join('')}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

/** A file that LibreOffice wrote, its pages so often one after another, by an update at its end (ISO 32000, 7.5.6). */
function libreOffice(name: string, times: number, file: number): Buffer {
  const original = readFileSync(new URL(name, FIXTURES)).toString('latin1');
  const tree = /(?<id>\d+) 0 obj\n<<\/Type\/Pages\n(?<inherited>[^]*?)\/Kids\[ (?<kids>[^\]]*) \]/.exec(
    original,
  );
  const trailer = /\/Size (?<size>\d+)\/Root (?<root>\d+)[^]*startxref\n(?<table>\d+)/.exec(original);
  if (tree?.groups === undefined || trailer?.groups === undefined)
    throw new Error(`${name} is not as LibreOffice writes it`);
  const { id, inherited, kids = '' } = tree.groups;
  const { size, root, table } = trailer.groups;
  const pages = kids
    .split(' 0 R')
    .slice(0, -1)
    .map((page) => objectOf(original, page.trim()));
  const copies = Array.from({ length: times }, () => pages).flat();
  const names = copies.map((_, at) => `${Number(size) + at} 0 R`).join(' ');
  let text = `${original}%copy ${file}\n`;
  const add = (number: number | string, body: string): string => {
    const place = `${number} 1\n${String(text.length).padStart(10, '0')} 00000 n \n`;
    text += `${number} 0 obj\n${body}\nendobj\n`;
    return place;
  };
  const places = [
    add(id ?? '', `<</Type/Pages\n${inherited}/Kids[ ${names} ]/Count ${copies.length}>>`),
    ...copies.map((page, at) => add(Number(size) + at, page)),
  ].join('');
  const trailing = `<</Size ${Number(size) + copies.length} /Root ${root} 0 R /Prev ${table}>>`;
  text += `xref\n${places}trailer\n${trailing}\nstartxref\n${text.length}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

function objectOf(pdf: string, number: string): string {
  const body = new RegExp(`\\n${number} 0 obj\\n([^]*?)\\nendobj`).exec(pdf)?.[1];
  if (body === undefined) throw new Error(`there is no object ${number}`);
  return body;
}
