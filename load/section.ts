import type { LoadStore } from './store.ts';

/** One measurement of the page. */
export interface Section {
  /** As `--only` names it. */
  readonly name: string;
  /** Markdown below its heading. @throws when the run is void: then nothing may be reported. */
  measure(setting: Setting): Promise<string>;
}

/** What every section measures on. */
export interface Setting {
  /** A data folder that no process has open. The vectors of the stand-in for the embedder are in it. */
  readonly store: LoadStore;
  /** Lengths of the phases are multiplied by this; 1 for figures, less to try the commands out. */
  readonly scale: number;
  /** Measures only faults whose model and name hold this text; null: all. */
  readonly cells: string | null;
  /** Text of this section on the page so far, where rows that are not measured now are taken from. */
  readonly page: string;
  /** Says what is being done, to the person who waits. */
  readonly note: (line: string) => void;
}

/** Whether a target is met, as the tables show it. */
export function judged(isMet: boolean): string {
  return isMet ? 'met' : '**missed**';
}

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}
