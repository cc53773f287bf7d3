import { crc32 } from 'node:zlib';
import type { StoredColumn } from './columns.ts';
import type { StoredPartition } from './partition.ts';

const MAGIC = 'HOLDFAST-INDEX-1';
const ALIGNMENT = 16;

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

/** The snapshot file as pieces to be written one after the other: header, then checksummed sections. */
export function encodeSnapshot(info: SnapshotInfo, partition: StoredPartition): Uint8Array[] {
  const { lexical, dense } = partition;
  const views: (readonly [string, View])[] = [
    ['keys', Buffer.from(partition.keys.join('\n'))],
    ['firstSlots', partition.firstSlots],
    ['terms', Buffer.from(lexical.terms.join('\n'))],
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
  const header: Header = {
    ...info,
    languages: partition.languages,
    columns: partition.columns.map(({ field, values }) => ({ field, values })),
    sections: views.map(([name], at) => ({
      name,
      bytes: pieces[at]?.length ?? 0,
      crc: crc32(pieces[at] ?? ''),
    })),
  };
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.from(
    `${MAGIC}${json.length.toString().padStart(12)}${crc32(json).toString(16).padStart(8, '0')}`,
  );
  return [padded(Buffer.concat([prefix, json])), ...pieces.map(padded)];
}

/**
 * Reads a snapshot back; typed arrays are views of `file`.
 * @throws Error with the reason when the file is damaged or not a snapshot.
 */
export function decodeSnapshot(file: Uint8Array<ArrayBuffer>): {
  readonly info: SnapshotInfo;
  readonly partition: StoredPartition;
} {
  const { header, start } = readHeader(file);
  const sections = readSections(file, header, start);
  const words = (name: string): Uint32Array => {
    const bytes = sections.get(name) ?? new Uint8Array(0);
    return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  };
  const lines = (name: string): string[] => {
    const text = Buffer.from(sections.get(name) ?? new Uint8Array(0)).toString('utf8');
    return text === '' && (header.sections.find((section) => section.name === name)?.bytes ?? 0) === 0
      ? []
      : text.split('\n');
  };
  const vectors = sections.get('vectors') ?? new Uint8Array(0);
  const scales = sections.get('scales') ?? new Uint8Array(0);
  return {
    info: { fingerprint: header.fingerprint, sequence: header.sequence },
    partition: {
      keys: words('firstSlots').length === 1 && lines('keys').length === 0 ? [''] : lines('keys'),
      firstSlots: words('firstSlots'),
      languages: header.languages,
      columns: header.columns.map((column, at) => ({ ...column, cells: words(`column${at}`) })),
      lexical: {
        terms: lines('terms'),
        postings: { pool: words('pool'), counts: words('counts') },
        lengths: words('lengths'),
        forward: words('forward'),
        forwardStarts: words('forwardStarts'),
      },
      dense: {
        vectors: new Int8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength),
        scales: new Float32Array(scales.buffer, scales.byteOffset, scales.byteLength / 4),
      },
    },
  };
}

function readHeader(file: Uint8Array): { header: Header; start: number } {
  const prefixLength = MAGIC.length + 20;
  const prefix = Buffer.from(file.subarray(0, prefixLength)).toString('latin1');
  if (!prefix.startsWith(MAGIC)) throw new Error('it does not begin like a snapshot of this version');
  const length = Number(prefix.slice(MAGIC.length, MAGIC.length + 12));
  const json = file.subarray(prefixLength, prefixLength + length);
  if (json.length !== length || crc32(json) !== Number.parseInt(prefix.slice(-8), 16))
    throw new Error('its header is damaged');
  const header = JSON.parse(Buffer.from(json).toString('utf8')) as Header;
  return { header, start: aligned(prefixLength + length) };
}

function readSections(
  file: Uint8Array<ArrayBuffer>,
  header: Header,
  start: number,
): Map<string, Uint8Array<ArrayBuffer>> {
  const sections = new Map<string, Uint8Array<ArrayBuffer>>();
  let at = start;
  for (const { name, bytes, crc } of header.sections) {
    const section = file.subarray(at, at + bytes);
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

function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % ALIGNMENT === 0) return bytes;
  const whole = new Uint8Array(aligned(bytes.length));
  whole.set(bytes);
  return whole;
}
