import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipFile {
  readonly path: string;
  readonly content: Uint8Array | string;
  /** As written in its headers; the true ones when not given. */
  readonly claims?: {
    readonly bytes?: number;
    readonly crc?: number;
    readonly method?: number;
    readonly flags?: number;
  };
  /** Points to the data of the file before instead of having its own. */
  readonly isOverlapping?: boolean;
}

/** A ZIP archive, also one that no honest program would write. */
export function makeZip(files: readonly ZipFile[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  let last = 0;
  const packedOnce = new Map<Uint8Array | string, Buffer>();
  for (const { path, content, claims = {}, isOverlapping = false } of files) {
    const bytes = Buffer.from(content);
    const packed = packedOnce.get(content) ?? deflateRawSync(bytes);
    packedOnce.set(content, packed);
    const name = Buffer.from(path);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(claims.flags ?? 0x800, 2);
    fields.writeUInt16LE(claims.method ?? 8, 4);
    fields.writeUInt32LE(claims.crc ?? crc32(bytes), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(claims.bytes ?? bytes.length, 18);
    fields.writeUInt16LE(name.length, 22);
    fields.copy(header, 4);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    fields.copy(entry, 6);
    entry.writeUInt32LE(isOverlapping ? last : offset, 42);
    directory.push(entry, name);
    last = offset;
    if (isOverlapping) continue;
    locals.push(header, name, packed);
    offset += header.length + name.length + packed.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, listing, end]);
}

export interface TarFile {
  readonly path: string;
  readonly content: Uint8Array | string;
  /** `0` a file, `1` and `2` links. */
  readonly type?: string;
  /** As written in its header; the true one when not given. */
  readonly claimedBytes?: number;
}

/** A tar archive in the ustar format. */
export function makeTar(files: readonly TarFile[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { path, content, type = '0', claimedBytes } of files) {
    const bytes = Buffer.from(content);
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write('0000644\0', 100);
    header.write(`${(claimedBytes ?? bytes.length).toString(8).padStart(11, '0')}\0`, 124);
    header.write(type, 156);
    header.write('ustar\u000000', 257);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
