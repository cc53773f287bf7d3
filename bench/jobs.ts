import { table } from '../eval/report.ts';
import type { Material } from './corpus.ts';
import { fairness, type FairnessFigures } from './fairness.ts';
import { mixedRun, notesRuns, type NotesFigures } from './ingestion.ts';
import type { Run } from './timed-ingest.ts';
import { liveIngest, type LiveFigures } from './live-ingest.ts';
import { slowEmbedder, type SlowEmbedderFigures } from './slow-embedder.ts';

const MIXED_FILES = 2000;
const NOTES = 10_000;

/** The ingestion as it is used: speed, repetition, a slow embedder, many tenants, searches meanwhile, watched folders. */
export async function jobsReport(material: Material): Promise<string> {
  const runs: (readonly [threads: number, run: Run])[] = [];
  for (const threads of [1, 2]) runs.push([threads, await mixedRun(threads, MIXED_FILES, material)]);
  process.stderr.write('ingested\n');
  const notes = await notesRuns(NOTES, material);
  process.stderr.write('ingested again\n');
  const slow = await slowEmbedder(material);
  process.stderr.write('embedded slowly\n');
  const fair = await fairness(material);
  process.stderr.write('shared\n');
  const live = await liveIngest(NOTES, material);
  return [
    ...speedParts(runs),
    ...notesParts(notes),
    ...slowParts(slow),
    ...fairParts(fair),
    ...liveParts(live),
  ].join('\n\n');
}

const whole = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 0 });

function speedParts(runs: readonly (readonly [number, Run])[]): string[] {
  return [
    '### Markdown and HTML',
    `A folder of ${whole(MIXED_FILES)} files, half of each, with the built-in embedding model and durable commits. Processor time counts every thread.`,
    table(
      ['threads', 'passages', 'files/s', 'passages/s', 'passages per processor second'],
      runs.map(([threads, { summary, seconds, cpuSeconds }]) => [
        String(threads),
        whole(summary.chunks),
        whole(summary.files.added / seconds),
        whole(summary.chunks / seconds),
        whole(summary.chunks / cpuSeconds),
      ]),
    ),
  ];
}

function notesParts({ first, second, written }: NotesFigures): string[] {
  const rows = Object.entries(written).filter(([, count]) => count > 0);
  return [
    '### An unchanged folder',
    `${whole(NOTES)} files of one sentence, and the same folder again. The second run keeps what it was asked for: its job and the task of looking through the folder survive a crash, too. Of documents it is to write nothing.`,
    table(
      ['', 'seconds', 'files/s', 'rows written'],
      [
        ['first run', first.seconds.toFixed(2), whole(NOTES / first.seconds), ''],
        [
          'second run',
          second.seconds.toFixed(2),
          whole(NOTES / second.seconds),
          rows.map(([name, count]) => `${name}: ${count}`).join(', ') || '0',
        ],
      ],
    ),
    `The second run is ${(first.seconds / second.seconds).toFixed(0)} times as fast.`,
  ];
}

function slowParts(slow: SlowEmbedderFigures): string[] {
  return [
    '### A slow embedding server',
    'A stand-in for Ollama that takes 50 ms for a batch and fails every twentieth call with status 500. Its limit is a loop that does nothing but call it, without failures.',
    table(
      ['passages', 'failed calls', 'failed documents', 'passages/s', 'limit', 'share of the limit'],
      [
        [
          whole(slow.passages),
          whole(slow.failedCalls),
          whole(slow.failedDocuments),
          whole(slow.passages / slow.seconds),
          whole(slow.passages / slow.limitSeconds),
          `${((100 * slow.limitSeconds) / slow.seconds).toFixed(0)} %`,
        ],
      ],
    ),
  ];
}

function fairParts({ jobs, seconds, meanWaitSeconds, longest }: FairnessFigures): string[] {
  return [
    '### Many tenants',
    `${whole(jobs)} jobs by 100 tenants at once are done after ${seconds.toFixed(1)} s. A job waits ${meanWaitSeconds.toFixed(1)} s on average; the tenant that waits longest waits ${longest.toFixed(2)} times as long.`,
  ];
}

function liveParts({ idle, during, changesMs, manySeconds }: LiveFigures): string[] {
  const row = (name: string, { p50, p99, count, lateMs }: LiveFigures['idle']): string[] => [
    name,
    whole(count),
    p50.toFixed(2),
    p99.toFixed(2),
    ...lateMs.map((ms) => ms.toFixed(2)),
  ];
  const ratio = (part: 'p50' | 'p99'): string => (during[part] / idle[part]).toFixed(2);
  return [
    '### Searches during an import',
    "Hybrid searches over HTTP, 25 a second, in milliseconds from the moment at which each is due; the server imports a folder into another collection. The client runs on the same two cores: the last columns say how much too late a thread of it was woken that slept for 5 ms, which is the machine's part of the wait.",
    table(
      ['', 'searches', 'p50', 'p99', 'client late, p50', 'client late, p99'],
      [row('idle', idle), row('during an import', during), ['ratio', '', ratio('p50'), ratio('p99'), '', '']],
    ),
    '### A watched folder',
    `From the write of one file until a search finds it: ${changesMs.map((ms) => (ms / 1000).toFixed(2)).join(', ')} s. ${whole(NOTES)} files written at once are ready after ${manySeconds.toFixed(1)} s.`,
  ];
}
