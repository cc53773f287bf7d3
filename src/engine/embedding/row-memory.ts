import { KERNEL_BASE64 } from './kernel.ts';

const PAGE = 65_536;
const FLOAT = 4;
/** Components that the kernel takes at once. */
const LANES = 16;

interface Kernel {
  // oxlint-disable-next-line max-params -- the signature of the kernel
  readonly add: (row: number, factor: number, sum: number, end: number) => void;
}

const kernelModule = new WebAssembly.Module(Buffer.from(KERNEL_BASE64, 'base64'));

/** int8 rows in WebAssembly memory, [sum | row | row ...], and the sum of some of them with weights. */
export class RowMemory {
  readonly #dimensions: number;
  readonly #stride: number;
  readonly #rowsAt: number;
  readonly #kernel: Kernel;
  readonly #sum: Float32Array;

  /** Takes a copy of rows that lie one after the other. */
  constructor(rows: Int8Array, dimensions: number) {
    const count = rows.length / dimensions;
    this.#dimensions = dimensions;
    this.#stride = Math.ceil(dimensions / LANES) * LANES;
    this.#rowsAt = this.#stride * FLOAT;
    const memory = new WebAssembly.Memory({
      initial: Math.ceil((this.#rowsAt + count * this.#stride) / PAGE),
    });
    const instance = new WebAssembly.Instance(kernelModule, { env: { memory } });
    this.#kernel = instance.exports as unknown as Kernel;
    this.#sum = new Float32Array(memory.buffer, 0, this.#stride);
    const bytes = new Int8Array(memory.buffer);
    for (let row = 0; row < count; row++)
      bytes.set(rows.subarray(row * dimensions, (row + 1) * dimensions), this.#rowsAt + row * this.#stride);
  }

  /** Adds `factor` times a row to the sum. */
  add(row: number, factor: number): void {
    this.#kernel.add(this.#rowsAt + row * this.#stride, factor, 0, this.#rowsAt);
  }

  /** The sum, which is zero again after this. */
  take(): Float32Array {
    const taken = this.#sum.slice(0, this.#dimensions);
    this.#sum.fill(0);
    return taken;
  }
}
