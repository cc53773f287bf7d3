import { HoldfastError } from '../errors.ts';

const MIB = 1024 * 1024;

/** What one source item may unpack to, with everything that is nested in it. */
export const UNPACK_LIMITS = {
  /** Archives and messages within each other. */
  depth: 4,
  /** Files, folders and links. */
  entries: 10_000,
  /** Of one file. */
  entryBytes: 64 * MIB,
  /** Of all files. */
  bytes: 256 * MIB,
  /** Unpacked bytes per packed one, of a file larger than `freeBytes`. */
  ratio: 250,
  freeBytes: 8 * MIB,
} as const;

/** Counts what was unpacked of one source item. What failed counts as well: it had its turn. */
export class UnpackBudget {
  #entries = 0;
  #bytes = 0;
  #isUsedUp = false;

  /** @throws HoldfastError `document_unpack_limit` for one entry too many, or when no bytes are left for it. */
  takeEntry(name: string): void {
    this.#entries++;
    if (this.#isUsedUp) throw tooMuch(name, `it unpacks to more than ${UNPACK_LIMITS.bytes} bytes`);
    if (this.#entries > UNPACK_LIMITS.entries)
      throw tooMuch(name, `it has more than ${UNPACK_LIMITS.entries} entries`);
  }

  /** How many bytes a file of so many packed bytes may have. */
  allowance(packedBytes: number): number {
    const byRatio = Math.max(UNPACK_LIMITS.freeBytes, packedBytes * UNPACK_LIMITS.ratio);
    return Math.min(this.#left, UNPACK_LIMITS.entryBytes, byRatio);
  }

  takeBytes(count: number): void {
    this.#bytes += count;
  }

  get #left(): number {
    return Math.max(0, UNPACK_LIMITS.bytes - this.#bytes);
  }

  /** The error for a file that would be larger than its allowance. */
  exceeded(name: string, packedBytes: number, allowed: number): HoldfastError {
    if (allowed >= this.#left) this.#isUsedUp = true;
    return tooMuch(name, `${packedBytes} packed bytes unpack to more than ${allowed}`);
  }
}

/** Where in a source item a file stands. */
export interface Nesting {
  /** 0 for the item itself. */
  readonly depth: number;
  readonly budget: UnpackBudget;
}

/**
 * The nesting of what is in a file.
 * @throws HoldfastError `document_unpack_limit` when it is nested too deep.
 */
export function nestingWithin(name: string, nesting: Nesting | undefined): Nesting {
  const depth = (nesting?.depth ?? 0) + 1;
  if (depth > UNPACK_LIMITS.depth)
    throw tooMuch(name, `it is nested deeper than ${UNPACK_LIMITS.depth} archives or messages`);
  return { depth, budget: nesting?.budget ?? new UnpackBudget() };
}

function tooMuch(name: string, what: string): HoldfastError {
  return new HoldfastError('document_unpack_limit', `${name}: ${what}`);
}
