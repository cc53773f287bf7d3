import { crc32 } from 'node:zlib';
import type { StoredColumn } from './columns.ts';
import type { StoredPartition } from './partition.ts';

const MAGIC = 'HOLDFAST-INDEX-2';
const ALIGNMENT = 16;
/** Column values are in the header; a longer one can only be damage. */
const MAX_HEADER_BYTES = 2 ** 30;

/** What a snapshot says about itself. */
export interface SnapshotInfo {
  /** Identifies all that the content depends on besides the documents; a snapshot with another one is not used. */
  readonly fingerprint: string;
  /** The change up to which the snapshot is complete. */
  readonly sequence: number;
}

interface Section {
  readonly name: string;
  readonly bytes: number;
  readonly crc: number;
}

interface Header extends SnapshotInfo {
  readonly languages: Readonly<Record<string, number>>;
  readonly columns: readonly Omit<StoredColumn, 'cells'>[];
  readonly sections: readonly Section[];
}

type View = Uint32Array | Int8Array | Float32Array | Uint8Array;

/** The snapshot file as pieces to be written one after the other: header, then checksummed sections. Made in steps. */
export function* encodingSnapshot(
  info: SnapshotInfo,
  partition: StoredPartition,
): Generator<void, Uint8Array[]> {
  const { lexical, dense } = partition;
  const views: (readonly [string, View])[] = [
    ['keys', Buffer.from(partition.keys.join('\n'))],
    ['firstSlots', partition.firstSlots],
    // UTF-16, because a term may end in half a surrogate pair.
    ['terms', Buffer.from(lexical.terms.join('\n'), 'utf16le')],
    ['pool', lexical.postings.pool],
    ['counts', lexical.postings.counts],
    ['lengths', lexical.lengths],
    ['forward', lexical.forward],
    ['forwardStarts', lexical.forwardStarts],
    ['vectors', dense.vectors],
    ['scales', dense.scales],
    ...partition.columns.map((column, at) => [`column${at}`, column.cells] as const),
  ];
  const pieces = views.map(([, view]) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const sections: Section[] = [];
  for (const [at, [name]] of views.entries()) {
    const piece = pieces[at] ?? new Uint8Array(0);
    sections.push({ name, bytes: piece.length, crc: yield* checksumming(piece) });
  }
  const header: Header = {
    ...info,
    languages: partition.languages,
    columns: partition.columns.map(({ field, values }) => ({ field, values })),
    sections,
  };
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.from(
    `${MAGIC}${json.length.toString().padStart(12)}${crc32(json).toString(16).padStart(8, '0')}`,
  );
  return [Buffer.concat([prefix, json]), ...pieces].flatMap((piece) => [piece, paddingOf(piece)]);
}

const CHECKSUM_STEP = 2 ** 20;

function* checksumming(bytes: Uint8Array): Generator<void, number> {
  let crc = 0;
  for (let at = 0; at < bytes.length; at += CHECKSUM_STEP) {
    crc = crc32(bytes.subarray(at, at + CHECKSUM_STEP), crc);
    yield;
  }
  return crc;
}

/** Bytes of a file from a position on, in a buffer of their own; fewer at its end. */
export type ReadAt = (position: number, bytes: number) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * Reads a snapshot back, a section at a time, so that what is copied on loading does not stay in memory.
 * @throws Error with the reason when the file is damaged or not a snapshot.
 */
export async function decodeSnapshot(read: ReadAt): Promise<{
  readonly info: SnapshotInfo;
  readonly partition: StoredPartition;
}> {
  const { header, start } = await readHeader(read);
  const sections = await readSections(read, header, start);
  const bytes = (name: string): Uint8Array<ArrayBuffer> => sections.get(name) ?? new Uint8Array(0);
  const words = (name: string): Uint32Array => new Uint32Array(bytes(name).buffer);
  const lines = (name: string, encoding: BufferEncoding, count: number): string[] =>
    count === 0 ? [] : Buffer.from(bytes(name).buffer).toString(encoding).split('\n');
  const firstSlots = words('firstSlots');
  const counts = words('counts');
  return {
    info: { fingerprint: header.fingerprint, sequence: header.sequence },
    partition: {
      keys: lines('keys', 'latin1', firstSlots.length),
      firstSlots,
      languages: header.languages,
      columns: header.columns.map(({ field, values }, at) => ({
        field,
        values,
        cells: words(`column${at}`),
      })),
      lexical: {
        terms: lines('terms', 'utf16le', counts.length),
        postings: { pool: words('pool'), counts },
        lengths: words('lengths'),
        forward: words('forward'),
        forwardStarts: words('forwardStarts'),
      },
      dense: {
        vectors: new Int8Array(bytes('vectors').buffer),
        scales: new Float32Array(bytes('scales').buffer),
      },
    },
  };
}

async function readHeader(read: ReadAt): Promise<{ header: Header; start: number }> {
  const prefixLength = MAGIC.length + 20;
  const prefix = Buffer.from(await read(0, prefixLength)).toString('latin1');
  if (!prefix.startsWith(MAGIC)) throw new Error('it does not begin like a snapshot of this version');
  const length = Number(prefix.slice(MAGIC.length, MAGIC.length + 12));
  const isLength = Number.isInteger(length) && length > 0 && length <= MAX_HEADER_BYTES;
  const json = await read(prefixLength, isLength ? length : 0);
  if (json.length !== length || crc32(json) !== Number.parseInt(prefix.slice(-8), 16))
    throw new Error('its header is damaged');
  const header = JSON.parse(Buffer.from(json).toString('utf8')) as Header;
  return { header, start: aligned(prefixLength + length) };
}

async function readSections(
  read: ReadAt,
  header: Header,
  start: number,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const sections = new Map<string, Uint8Array<ArrayBuffer>>();
  let at = start;
  for (const { name, bytes, crc } of header.sections) {
    const section = await read(at, bytes);
    if (section.length !== bytes || crc32(section) !== crc)
      throw new Error(`its section "${name}" is damaged`);
    sections.set(name, section);
    at += aligned(bytes);
  }
  return sections;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** What brings the next piece to its place. */
function paddingOf({ length }: Uint8Array): Uint8Array {
  return new Uint8Array(aligned(length) - length);
}
