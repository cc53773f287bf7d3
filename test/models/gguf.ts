import { randomNormal, seededRandom } from '../random.ts';

/** A value of a GGUF header; lists are of one kind. */
type Value =
  | { readonly uint32: number }
  | { readonly int32s: readonly number[] }
  | { readonly float32: number }
  | { readonly float32s: readonly number[] }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly texts: readonly string[] };

/** A model file: the header's fields and float32 tensors, with the longest dimension last as in PyTorch. */
export interface Gguf {
  readonly fields: Readonly<Record<string, Value>>;
  readonly tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
  >;
}

const ALIGNMENT = 32;

/** The bytes of a GGUF file, version 3. Source: github.com/ggml-org/ggml, docs/gguf.md. */
export function ggufBytes({ fields, tensors }: Gguf): Buffer {
  const names = Object.entries(tensors);
  const head = [Buffer.from('GGUF'), uint32(3), uint64(names.length), uint64(Object.keys(fields).length)];
  for (const [name, value] of Object.entries(fields)) head.push(text(name), ...typed(value));
  let offset = 0;
  const data: Buffer[] = [];
  for (const [name, tensor] of names) {
    const dimensions = [...tensor.shape].reverse();
    head.push(text(name), uint32(dimensions.length), ...dimensions.map(uint64), uint32(0), uint64(offset));
    const bytes = Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
    const padded = padding(bytes.length);
    data.push(bytes, padded);
    offset += bytes.length + padded.length;
  }
  const header = Buffer.concat(head);
  return Buffer.concat([header, padding(header.length), ...data]);
}

/** A tensor of seeded random numbers around zero. */
export function randomTensor(shape: readonly number[], { seed, spread }: { seed: number; spread: number }) {
  const random = seededRandom(seed);
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, data: Float32Array.from({ length: size }, () => randomNormal(random) * spread) };
}

/** A tensor of one number. */
export function evenTensor(shape: readonly number[], value: number) {
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, data: new Float32Array(size).fill(value) };
}

function typed(value: Value): Buffer[] {
  if ('uint32' in value) return [uint32(4), uint32(value.uint32)];
  if ('float32' in value) return [uint32(6), float32(value.float32)];
  if ('bool' in value) return [uint32(7), Buffer.from([value.bool ? 1 : 0])];
  if ('text' in value) return [uint32(8), text(value.text)];
  if ('int32s' in value) return list(5, value.int32s.map(int32));
  if ('float32s' in value) return list(6, value.float32s.map(float32));
  return list(8, value.texts.map(text));
}

function list(type: number, items: readonly Buffer[]): Buffer[] {
  return [uint32(9), uint32(type), uint64(items.length), ...items];
}

function text(value: string): Buffer {
  return Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function padding(length: number): Buffer {
  return Buffer.alloc((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);
}
