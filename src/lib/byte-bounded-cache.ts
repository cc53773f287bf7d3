interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** Least recently used values up to a number of bytes. A value larger than all of it is not kept. */
export class ByteBoundedCache<Value> {
  readonly #maxBytes: number;
  /** In order of use: the first is the least recently used. */
  readonly #entries = new Map<string, Entry<Value>>();
  #bytes = 0;

  constructor(maxBytes: number) {
    if (!Number.isFinite(maxBytes) || maxBytes < 0)
      throw new RangeError(`maxBytes must be 0 or more, not ${maxBytes}`);
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** `bytes`: what the value takes; the key is counted beside it. */
  set(key: string, value: Value, bytes: number): void {
    this.delete(key);
    const total = bytes + 2 * key.length;
    if (total > this.#maxBytes) return;
    this.#entries.set(key, { value, bytes: total });
    this.#bytes += total;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
