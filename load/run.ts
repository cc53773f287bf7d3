import { parseArgs } from 'node:util';
import { provenance } from '../eval/report.ts';
import { added } from './added.ts';
import { faults } from './faults.ts';
import { startModels } from './models.ts';
import { negativeControl } from './negative-control.ts';
import { outage } from './outage.ts';
import { overload } from './overload.ts';
import { readSection, writeSection } from './page.ts';
import type { Section } from './section.ts';
import { buildLoadStore, type LoadStore } from './store.ts';

const PAGE = new URL('../docs/load.md', import.meta.url);
const SECTIONS: readonly Section[] = [overload, faults, outage, added];
const DOCUMENTS = 1000;
/** With `--try`. */
const FEW_DOCUMENTS = 100;
const TRY_SCALE = 0.2;

interface Wanted {
  readonly sections: readonly Section[];
  readonly scale: number;
  readonly documents: number;
  /** False: shows the figures and leaves the page as it is. */
  readonly isWritten: boolean;
  readonly cells: string | null;
}

/** `npm run load -- [--only NAME] [--cells TEXT] [--try]`. */
function readArguments(): Wanted {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, cells: { type: 'string' }, try: { type: 'boolean' } },
  });
  const names = values.only?.split(',') ?? SECTIONS.map(({ name }) => name);
  const sections = names.map((wanted) => {
    const section = SECTIONS.find(({ name }) => name === wanted);
    if (section !== undefined) return section;
    throw new RangeError(`--only "${wanted}" is none of ${SECTIONS.map(({ name }) => name).join(', ')}`);
  });
  const isTry = values.try === true;
  return {
    sections,
    scale: isTry ? TRY_SCALE : 1,
    documents: isTry ? FEW_DOCUMENTS : DOCUMENTS,
    isWritten: !isTry,
    cells: values.cells ?? null,
  };
}

function note(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

async function buildStore(documents: number): Promise<LoadStore> {
  note(`building ${documents} documents`);
  await using models = await startModels();
  return await buildLoadStore({ documents, environment: models.environment });
}

/** Measures the sections one after another. A void run fails the command and leaves its section as it is. */
async function run(): Promise<void> {
  const { sections, scale, documents, isWritten, cells } = readArguments();
  await using store = await buildStore(documents);
  const control = await negativeControl(store);
  const failures: unknown[] = [];
  for (const section of sections) {
    try {
      const page = readSection(PAGE, section.name);
      const measured = await section.measure({ store, scale, note, cells, page });
      const body = [provenance(), measured, control].join('\n\n');
      if (isWritten) writeSection(PAGE, section.name, body);
      else process.stdout.write(`## ${section.name}\n\n${body}\n\n`);
    } catch (error) {
      failures.push(error);
      note(`${section.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} sections are void`);
}

await run();
