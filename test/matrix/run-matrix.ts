import { MODEL_CELLS } from './cells.ts';
import { OTHER_CELLS, runOtherCell, type OtherOutcome } from './other-cells.ts';
import type { Template } from './rig.ts';
import { runModelCell, type Outcome } from './run-model-cell.ts';

/** A cell under its name, ready to run. */
export interface NamedCell {
  readonly name: string;
  readonly needsDisk: boolean;
  run(template: Template): Promise<CellResult>;
}

/** What a cell showed; null: it could not be tried here. */
export type CellResult =
  | { readonly kind: 'model'; readonly outcome: Outcome }
  | { readonly kind: 'other'; readonly outcome: OtherOutcome | null };

/** Every cell of the matrix, the longest first, so that none is left alone at the end. */
export const CELLS: readonly NamedCell[] = [
  ...MODEL_CELLS.toSorted((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0)).map((cell): NamedCell => ({
    name: `${cell.fault} ${cell.models.join(' + ')}: ${cell.title}`,
    needsDisk: false,
    run: async (template) => ({ kind: 'model', outcome: await runModelCell(cell, template) }),
  })),
  ...OTHER_CELLS.map((cell): NamedCell => ({
    name: `${cell.fault} ${cell.on}: ${cell.title}`,
    needsDisk: cell.on.includes('disk'),
    run: async (template) => ({ kind: 'other', outcome: await runOtherCell(cell, template) }),
  })),
];

/** Cells that wait for timers most of the time run side by side. */
export async function inLanes<T>(
  lanes: number,
  work: readonly T[],
  each: (one: T) => Promise<void>,
): Promise<void> {
  const left = [...work];
  const lane = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await each(one);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
