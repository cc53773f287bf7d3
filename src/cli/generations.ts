import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../app/client.ts';
import { HoldfastError } from '../core/errors.ts';
import type { WireGeneration } from '../http/contract/generation.ts';
import { EXIT, textFlag, type Flags, type Invocation } from './command.ts';
import type { Output } from './output.ts';

/** What `holdfast collections` does with the generations of a collection. */
export const GENERATION_ACTIONS = {
  reindex,
  generations: async (client, name, { output, isJson }) => {
    const list = await client.listGenerations(name);
    if (isJson) output.json(list);
    else for (const generation of list.items) output.result(describe(generation));
    return EXIT.done;
  },
  activate: async (client, name, invocation) =>
    shown(await client.activateGeneration(name, requireId(invocation)), invocation),
  rollback: async (client, name, invocation) => shown(await client.rollBack(name), invocation),
  discard: async (client, name, invocation) => {
    const id = requireId(invocation);
    await client.deleteGeneration(name, id);
    if (invocation.isJson) invocation.output.json({ deleted: id });
    else invocation.output.result(`deleted generation ${id} of ${name}`);
    return EXIT.done;
  },
} as const satisfies Record<
  string,
  (client: Client, name: string, invocation: Invocation) => Promise<number>
>;

const ASK_EVERY_MS = 500;

/** Waits until it is ready. Interrupting it stops the waiting; the generation goes on filling. */
async function reindex(client: Client, name: string, invocation: Invocation): Promise<number> {
  const { flags, output } = invocation;
  const started = await client.createGeneration(name, await bodyOf(flags));
  const { estimate, id } = started;
  output.note(
    `generation ${id}: about ${estimate.chunks} passages, ${megabytes(estimate.disk_bytes)} of disk, ${megabytes(estimate.memory_bytes)} of memory`,
  );
  let generation: WireGeneration = started;
  while (generation.state === 'filling') {
    if (generation.problem !== null) output.note(`waiting: ${generation.problem}`);
    output.progress(`${generation.documents.done} of ${generation.documents.total} documents`);
    await delay(ASK_EVERY_MS);
    generation = await client.getGeneration(name, id);
  }
  output.progressDone();
  if (flags['activate'] === true) generation = await client.activateGeneration(name, id);
  printReport(generation, output);
  return shown(generation, invocation);
}

async function bodyOf(flags: Flags): Promise<Readonly<Record<string, unknown>>> {
  const chunkTokens = oneOf(flags, 'splitter', 'chunk-tokens');
  const language = oneOf(flags, 'analyzer', 'language');
  const embedder = textFlag(flags, 'embedder');
  const questions = textFlag(flags, 'questions');
  return {
    ...(chunkTokens === undefined ? {} : { chunk_tokens: Number(chunkTokens) }),
    ...(language === undefined ? {} : { language }),
    ...(embedder === undefined ? {} : { embedder }),
    ...(questions === undefined ? {} : { questions: await readQuestions(questions) }),
  };
}

/** Two names of one flag. @throws HoldfastError `invalid_usage`. */
function oneOf(flags: Flags, name: string, other: string): string | undefined {
  const [value, same] = [textFlag(flags, name), textFlag(flags, other)];
  if (value !== undefined && same !== undefined && value !== same)
    throw new HoldfastError('invalid_usage', `--${name} and --${other} mean the same; give one of them`);
  return value ?? same;
}

/** One JSON object a line: `{"question": "...", "documents": ["..."]}`. */
async function readQuestions(path: string): Promise<readonly unknown[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new HoldfastError('path_not_found', `cannot read ${path}`, { cause: error });
  });
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, at): unknown => {
    try {
      return JSON.parse(line);
    } catch (error) {
      throw new HoldfastError('invalid_usage', `line ${at + 1} of ${path} is not JSON`, { cause: error });
    }
  });
}

function requireId({ words }: Invocation): string {
  const [action, , id] = words;
  if (id !== undefined) return id;
  throw new HoldfastError('invalid_usage', `holdfast collections ${action} needs a name and a generation`);
}

function shown(generation: WireGeneration, { output, isJson }: Invocation): number {
  if (isJson) output.json(generation);
  else output.result(describe(generation));
  return EXIT.done;
}

function describe({
  id,
  state,
  documents,
  chunks,
  language,
  chunk_tokens: size,
  embedder,
  kept_until: kept,
}: WireGeneration): string {
  const vectors = embedder === null ? '' : `, ${embedder === 'none' ? 'no' : 'built-in'} vectors`;
  const made = `${size === null ? 'usual' : `${size}-piece`} passages, language ${language}${vectors}`;
  const until = kept === null ? '' : `, kept until ${kept}`;
  return `generation ${id}: ${state}, ${documents.done} documents, ${chunks} passages (${made})${until}`;
}

function printReport({ report }: WireGeneration, output: Output): void {
  if (report === null) return;
  const what = report.kind === 'judged' ? 'your questions' : 'sentences of the documents';
  output.note(
    `${report.questions} questions (${what}): right document first, in the first ten, mean of 1/place`,
  );
  for (const side of ['live', 'candidate'] as const) {
    const { hits_at_1: first, hits_at_10: ten, reciprocal_rank: place } = report[side];
    output.note(
      `  ${side === 'live' ? 'before' : 'new'}: ${percent(first)}, ${percent(ten)}, ${place.toFixed(3)}`,
    );
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
