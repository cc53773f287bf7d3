import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { HoldfastError } from '../core/errors.ts';
import type { Judgements } from '../lib/ranking-metrics.ts';

/** A folder of judged questions in the layout of BEIR. */
export interface EvaluationSet {
  readonly name: string;
  /** `corpus.jsonl`, decompressed: `_id`, `title`, `text` a line. */
  readonly corpus: Uint8Array;
  readonly queries: readonly EvaluationQuery[];
  readonly judgements: ReadonlyMap<string, Judgements>;
}

export interface EvaluationQuery {
  readonly _id: string;
  readonly text: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** @throws HoldfastError `evaluation_set_invalid` that names the missing or broken file. */
export async function readEvaluationSet(folder: string): Promise<EvaluationSet> {
  const corpus = await readCorpus(folder);
  const queries = (await readText(folder, 'queries.jsonl'))
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, at) => parseQuery(line, `${folder}/queries.jsonl:${at + 1}`));
  return {
    name: basename(folder),
    corpus,
    queries,
    judgements: parseJudgements(await readText(folder, judgementFile(folder))),
  };
}

/** Beside the queries, or where BEIR puts the judgements of its test split. */
function judgementFile(folder: string): string {
  return existsSync(join(folder, 'qrels.tsv')) ? 'qrels.tsv' : join('qrels', 'test.tsv');
}

async function readCorpus(folder: string): Promise<Uint8Array> {
  const packed = join(folder, 'corpus.jsonl.gz');
  if (existsSync(packed)) return gunzipSync(await readFile(packed));
  return Buffer.from(await readText(folder, 'corpus.jsonl'));
}

async function readText(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    throw new HoldfastError('evaluation_set_invalid', `${join(folder, name)} cannot be read`, {
      cause: error,
    });
  }
}

function parseQuery(line: string, place: string): EvaluationQuery {
  try {
    return JSON.parse(line) as EvaluationQuery;
  } catch (error) {
    throw new HoldfastError('evaluation_set_invalid', `${place} is not JSON`, { cause: error });
  }
}

function parseJudgements(text: string): Map<string, Map<string, number>> {
  const judgements = new Map<string, Map<string, number>>();
  for (const line of text.split(/\r?\n/)) {
    const [query, document, grade] = line.split('\t');
    if (query === undefined || document === undefined || query === 'query-id') continue;
    const known = judgements.get(query) ?? new Map<string, number>();
    known.set(document, Number(grade));
    judgements.set(query, known);
  }
  return judgements;
}
