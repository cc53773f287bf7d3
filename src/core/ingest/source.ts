import type { DocumentProblem } from '../documents/document.ts';

/** An item that a source lists: either readable, or known to be a problem already. */
export type SourceItem =
  | {
      readonly kind: 'file';
      /** Key of the item: its absolute path, or its URL. */
      readonly item: string;
      readonly name: string;
      /** Path below the root with `/`, for filters. */
      readonly path: string;
      /** Where a person can open it. */
      readonly uri: string;
      readonly sizeBytes: number;
      /** SHA-256 of the bytes, where the source knows it: what the catalog has already need not be read. */
      readonly contentHash?: string;
      /**
       * A state of the item that it never comes back to once its bytes have changed: while it is the same they need not
       * be read. Left out where the source cannot say so, or not yet.
       */
      readonly stamp?: string;
      /** What the source says that it is, as a media type without parameters. */
      readonly mediaType?: string | null;
    }
  | {
      readonly kind: 'problem';
      readonly item: string;
      readonly name: string;
      readonly problem: DocumentProblem;
      /** Failed: it should have been read. Skipped: it was left out on purpose. */
      readonly state: 'failed' | 'skipped';
      /** True for a folder: what was known below it must not be taken for deleted. */
      readonly hidesItems: boolean;
    };

/** Which items a root speaks for. */
export interface SourceScope {
  /** Items that equal it, or start with it and a `/`. */
  readonly prefix: string;
  /** The item that equals it alone. */
  readonly isSingle: boolean;
}

/** Which files of a root are taken: those that an `include` names, or all, but for those that an `exclude` names. */
export interface PathPatterns {
  /** Of paths below the root, with the rules of `.gitignore`. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export interface ListOptions {
  /** A folder above the root: only what a listing of that folder would give for the root. */
  readonly within?: string | undefined;
  /** For sources of files. What they leave out counts as not there. */
  readonly patterns?: PathPatterns | undefined;
}

/** A place that documents come from. */
export interface Source {
  /** What the root speaks for: whatever of it is not listed is gone. Left out: the root and everything below. */
  scopeOf?(root: string): SourceScope;
  /**
   * Everything below `root` (or the one file that it is), in a stable order, lazily. With `within`, nothing when the root
   * is not there or left out.
   * @throws HoldfastError `path_not_found` when the root itself, or `within`, is not there.
   */
  list(root: string, signal: AbortSignal, options?: ListOptions): AsyncIterable<SourceItem>;
  /**
   * The bytes are the caller's own. @throws HoldfastError with the code that the item fails with, such as
   * `document_vanished`.
   */
  read(item: string, maxBytes: number): Promise<Uint8Array>;
  /** SHA-256 of what `read` would give, in memory that does not grow with it. @throws as `read`. */
  hash?(item: string, maxBytes: number): Promise<string>;
}
