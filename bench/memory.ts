import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { table } from '../eval/report.ts';
import { seededRandom, writeCorpus, type Material } from './corpus.ts';
import { residentMegabytes, startServer, type ServerProcess } from './http.ts';

const MEGABYTE = 2 ** 20;
const SAMPLE_MS = 50;

/** 1.9 GB of PDF with pictures, 25 MB in 1,600 Markdown files, and three texts close to the largest that is taken. */
const FOLDER = { pdfs: 80, pdfBytes: 24 * MEGABYTE, markdown: 1600, texts: 3, textBytes: 30 * MEGABYTE };
const LARGE_BYTES = 500 * MEGABYTE;

interface Phase {
  readonly what: string;
  readonly peakMegabytes: number;
  readonly outcome: string;
}

/** Resident memory of a server while it takes in a large folder, a file that is too large, and an upload of 500 MB. */
export async function memorySection(material: Material): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-memory-'));
  try {
    const { folder, megabytes } = await writeFolder(root, material);
    const large = join(root, 'large');
    await mkdir(large);
    await writeText(join(large, 'large.txt'), LARGE_BYTES, material);
    const phases = await measurePhases({ root, folder, large });
    return [
      `Peak resident memory of the server process with default settings, sampled every ${SAMPLE_MS} ms from \`/proc/PID/status\`. The folder holds ${megabytes.toFixed(0)} MB: ${FOLDER.pdfs} PDF files with pictures, ${FOLDER.markdown.toLocaleString('en')} Markdown files, and ${FOLDER.texts} texts of 30 MB, made with a fixed seed.`,
      table(
        ['', 'peak, MB', 'outcome'],
        phases.map(({ what, peakMegabytes, outcome }) => [what, peakMegabytes.toFixed(0), outcome]),
      ),
    ].join('\n\n');
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

interface Places {
  readonly root: string;
  readonly folder: string;
  readonly large: string;
}

async function measurePhases({ root, folder, large }: Places): Promise<readonly Phase[]> {
  await using server = await startServer(join(root, 'data'), { HOLDFAST_INGEST_ROOTS: root });
  await post(server, '/collections', { name: 'memory' });
  return [
    await watched(server, 'at rest', async () => delay(1000).then(() => 'no documents')),
    await watched(server, 'the folder of 2 GB', async () => ingest(server, folder)),
    await watched(server, 'the folder again, unchanged', async () => ingest(server, folder)),
    await watched(server, 'a folder with one text of 500 MB', async () => ingest(server, large)),
    await watched(server, 'an upload of 500 MB in one form', async () => upload(server)),
  ];
}

async function watched(server: ServerProcess, what: string, work: () => Promise<string>): Promise<Phase> {
  let peak = residentMegabytes(server);
  const over = new AbortController();
  const sampling = (async () => {
    while (!over.signal.aborted) {
      peak = Math.max(peak, residentMegabytes(server));
      await delay(SAMPLE_MS);
    }
  })();
  try {
    const outcome = await work();
    process.stderr.write(`${what}: ${peak.toFixed(0)} MB, ${outcome}\n`);
    return { what, peakMegabytes: peak, outcome };
  } finally {
    over.abort();
    await sampling;
  }
}

interface Job {
  readonly id: string;
  readonly state: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly failures: readonly { readonly problem: { readonly code: string } }[];
}

async function ingest(server: ServerProcess, folder: string): Promise<string> {
  const began = performance.now();
  const { id } = await post<Job>(server, '/collections/memory/ingest', { paths: [folder] });
  return ended(server, id, began);
}

async function ended(server: ServerProcess, id: string, began: number): Promise<string> {
  for (;;) {
    const job = await get<Job>(server, `/jobs/${id}`);
    if (job.state === 'done' || job.state === 'failed') return outcomeOf(job, performance.now() - began);
    await delay(250);
  }
}

function outcomeOf({ counts, failures }: Job, elapsedMs: number): string {
  const { added = 0, unchanged = 0, failed = 0, chunks = 0 } = counts;
  const codes = [...new Set(failures.map(({ problem }) => `\`${problem.code}\``))];
  const parts = [
    added > 0 ? `${added.toLocaleString('en')} added` : '',
    unchanged > 0 ? `${unchanged.toLocaleString('en')} unchanged` : '',
    failed > 0 ? `${failed} failed with ${codes.join(', ')}` : '',
    chunks > 0 ? `${chunks.toLocaleString('en')} passages` : '',
  ];
  return `${parts.filter((part) => part !== '').join(', ')} in ${(elapsedMs / 1000).toFixed(0)} s`;
}

/** Twenty files of 25 MB in one form, as they come: what they hold is no document. */
async function upload(server: ServerProcess): Promise<string> {
  const began = performance.now();
  const sent = request(`${server.address}/api/v1/rag/collections/memory/documents`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  });
  const answer = once(sent, 'response') as Promise<[IncomingMessage]>;
  const random = seededRandom(7);
  const piece = Buffer.alloc(MEGABYTE);
  for (let file = 0; file < LARGE_BYTES / (25 * MEGABYTE); file++) {
    sent.write(`\r\n--x\r\ncontent-disposition: form-data; name="file"; filename="${file}.bin"\r\n\r\n`);
    for (let at = 0; at < 25; at++) {
      for (let word = 0; word < piece.length; word += 4096) piece.writeUInt32LE(random() * 2 ** 32, word);
      if (!sent.write(Buffer.from(piece))) await once(sent, 'drain');
    }
  }
  sent.end('\r\n--x--\r\n');
  const [response] = await answer;
  const body = await response.setEncoding('utf8').toArray();
  if (response.statusCode !== 202) throw new Error(`the upload: ${response.statusCode} ${body.join('')}`);
  const { job } = JSON.parse(body.join('')) as { readonly job: string };
  return ended(server, job, began);
}

async function post<T>({ address }: ServerProcess, path: string, body: unknown): Promise<T> {
  return answered(
    await fetch(`${address}/api/v1/rag${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );
}

async function get<T>({ address }: ServerProcess, path: string): Promise<T> {
  return answered(await fetch(`${address}/api/v1/rag${path}`));
}

async function answered<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

async function writeFolder(root: string, material: Material): Promise<{ folder: string; megabytes: number }> {
  const folder = join(root, 'folder');
  const { bytes } = await writeCorpus(join(folder, 'notes'), FOLDER.markdown, material);
  await mkdir(join(folder, 'manuals'));
  const random = seededRandom(5);
  const picture = Buffer.alloc(FOLDER.pdfBytes);
  for (let at = 0; at < picture.length; at += 4) picture.writeUInt32LE(random() * 2 ** 32, at);
  for (let at = 0; at < FOLDER.pdfs; at++) {
    const sentences = Array.from({ length: 30 }, () => pick(random, material.sentences));
    // Other pictures in every file: equal contents would be stored once.
    picture.writeUInt32LE(at, 0);
    await writeFile(join(folder, 'manuals', `manual-${at}.pdf`), pdfOf(sentences, picture));
  }
  for (let at = 0; at < FOLDER.texts; at++)
    await writeText(join(folder, `minutes-${at}.txt`), FOLDER.textBytes, material, at);
  const all = bytes + FOLDER.pdfs * FOLDER.pdfBytes + FOLDER.texts * FOLDER.textBytes;
  return { folder, megabytes: all / MEGABYTE };
}

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

async function writeText(path: string, bytes: number, { sentences }: Material, seed = 1): Promise<void> {
  const random = seededRandom(seed);
  const file = createWriteStream(path);
  for (let written = 0; written < bytes;) {
    const paragraph = `${Array.from({ length: 8 }, () => pick(random, sentences)).join(' ')}\n\n`;
    written += Buffer.byteLength(paragraph);
    if (!file.write(paragraph)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** One page with text, and a picture that is as large as a scan. */
function pdfOf(sentences: readonly string[], picture: Buffer): Buffer {
  const lines = sentences.map((sentence) => {
    const plain = sentence.replaceAll(/[^ -~]/g, ' ').replaceAll(/[\\()]/g, '\\$&');
    return `(${plain.slice(0, 100)}) Tj T*`;
  });
  const content = Buffer.from(`BT /F1 10 Tf 14 TL 50 780 Td ${lines.join('\n')} ET /P1 Do`, 'latin1');
  const objects = [
    Buffer.from('<< /Type /Catalog /Pages 2 0 R >>'),
    Buffer.from('<< /Type /Pages /Kids [3 0 R] /Count 1 >>'),
    Buffer.from(
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> /XObject << /P1 6 0 R >> >> >>',
    ),
    stream(`<< /Length ${content.length} >>`, content),
    Buffer.from('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>'),
    stream(
      `<< /Type /XObject /Subtype /Image /Width 4096 /Height ${picture.length / 4096} /ColorSpace /DeviceGray /BitsPerComponent 8 /Length ${picture.length} >>`,
      picture,
    ),
  ];
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let length = parts[0]?.length ?? 0;
  const add = (part: Buffer): void => {
    parts.push(part);
    length += part.length;
  };
  for (const [at, object] of objects.entries()) {
    offsets.push(length);
    for (const part of [`${at + 1} 0 obj\n`, object, '\nendobj\n']) add(Buffer.from(part as string));
  }
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  const end = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries.join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${length}\n%%EOF\n`;
  add(Buffer.from(end));
  return Buffer.concat(parts);
}

function stream(dictionary: string, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${dictionary}\nstream\n`), bytes, Buffer.from('\nendstream')]);
}
