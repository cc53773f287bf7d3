import { KERNEL_BASE64 } from './kernel.ts';

/** Vectors of one block: the unit that the kernel scores. Shorter ones stop the processor from reading ahead. */
export const BLOCK = 2048;
const PAGE = 65_536;
const FLOAT = 4;
/** What a query component is raised by, so that it fits the kernel's unsigned operand. */
export const QUERY_OFFSET = 64;

// oxlint-disable-next-line max-params -- the signature of the kernel
type Score = (
  vectors: number,
  scales: number,
  bias: number,
  count: number,
  stride: number,
  query: number,
  out: number,
) => number;

interface Kernel {
  readonly score: Score;
}

const kernelModule = new WebAssembly.Module(Buffer.from(KERNEL_BASE64, 'base64'));

/**
 * int8 vectors in WebAssembly memory: [query | scores of a block | block | block ...], a block being
 * [scales | biases | vectors]. The bias takes the query's offset out again; it is infinite for a slot without vector.
 */
export class VectorMemory {
  readonly #dimensions: number;
  readonly #stride: number;
  readonly #memory: WebAssembly.Memory;
  readonly #kernel: Kernel;
  readonly #scoresAt: number;
  readonly #blocksAt: number;
  readonly #blockBytes: number;
  #bytes: Int8Array;
  #floats: Float32Array;
  #size = 0;
  #largestNorm = 0;

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.#stride = Math.ceil(dimensions / 64) * 64;
    this.#scoresAt = this.#stride;
    this.#blocksAt = this.#scoresAt + BLOCK * FLOAT;
    this.#blockBytes = BLOCK * (this.#stride + 2 * FLOAT);
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(this.#blocksAt / PAGE) });
    const instance = new WebAssembly.Instance(kernelModule, { env: { memory: this.#memory } });
    this.#kernel = instance.exports as unknown as Kernel;
    this.#bytes = new Int8Array(this.#memory.buffer);
    this.#floats = new Float32Array(this.#memory.buffer);
  }

  /** Number of slots. */
  get size(): number {
    return this.#size;
  }

  /** The largest Euclidean norm of a vector: about 1 for unit vectors. */
  get largestNorm(): number {
    return this.#largestNorm;
  }

  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Appends a vector and returns its slot. */
  add(values: Int8Array, scale: number): number {
    const slot = this.#size++;
    this.reserve(this.#size);
    this.#bytes.set(values, this.#vectorAt(slot));
    let sum = 0;
    let square = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      sum += value;
      square += value * value;
    }
    this.#largestNorm = Math.max(this.#largestNorm, Math.sqrt(square) * scale);
    const at = this.#scaleAt(slot);
    this.#floats[at] = scale;
    this.#floats[at + BLOCK] = scale === 0 ? Number.POSITIVE_INFINITY : QUERY_OFFSET * sum * scale;
    return slot;
  }

  scale(slot: number): number {
    return slot < this.#size ? (this.#floats[this.#scaleAt(slot)] ?? 0) : 0;
  }

  /** The components of a slot; valid until the next `add`. */
  values(slot: number): Int8Array {
    const at = this.#vectorAt(slot);
    return this.#bytes.subarray(at, at + this.#dimensions);
  }

  /** The inner product of a slot with a query, in double precision. */
  dot(query: Float32Array, slot: number): number {
    const bytes = this.#bytes;
    const at = this.#vectorAt(slot);
    let sum = 0;
    for (let i = 0; i < query.length; i++) sum += (bytes[at + i] ?? 0) * (query[i] ?? 0);
    return sum * this.scale(slot);
  }

  /** Where the query goes: one byte a component, raised by the offset. */
  query(): Int8Array {
    return this.#bytes.subarray(0, this.#stride).fill(QUERY_OFFSET);
  }

  /** Scores of the last block, for `scoreBlock`'s count of slots. */
  get scores(): Float32Array {
    return this.#floats.subarray(this.#scoresAt / FLOAT, this.#blocksAt / FLOAT);
  }

  /** Scores the slots from `start`, a multiple of the block size; returns the largest score. */
  scoreBlock(start: number): number {
    const scales = this.#blockAt(start);
    const biases = scales + BLOCK * FLOAT;
    const count = Math.min(BLOCK, this.#size - start);
    const vectors = this.#vectorAt(start);
    return this.#kernel.score(vectors, scales, biases, count, this.#stride, 0, this.#scoresAt);
  }

  /** Makes room for so many slots. */
  reserve(size: number): void {
    const needed = this.#vectorAt(size);
    const have = this.#memory.buffer.byteLength;
    if (needed <= have) return;
    this.#memory.grow(Math.ceil(Math.max(needed - have, have / 8) / PAGE));
    this.#bytes = new Int8Array(this.#memory.buffer);
    this.#floats = new Float32Array(this.#memory.buffer);
  }

  #blockAt(slot: number): number {
    return this.#blocksAt + Math.floor(slot / BLOCK) * this.#blockBytes;
  }

  #vectorAt(slot: number): number {
    return this.#blockAt(slot) + BLOCK * 2 * FLOAT + (slot % BLOCK) * this.#stride;
  }

  /** Index into the floats. */
  #scaleAt(slot: number): number {
    return this.#blockAt(slot) / FLOAT + (slot % BLOCK);
  }
}
