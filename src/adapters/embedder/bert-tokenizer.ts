import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { wordPiece } from '../../engine/embedding/word-piece.ts';
import { field } from '../model-http/json-fields.ts';

const MAX_CHARACTERS_PER_WORD = 100;
const CONTINUING_PREFIX = '##';

/** The inputs of a BERT model for some texts: one row a text, all of `width` tokens, padded at the end. */
export interface TokenBatch {
  readonly rows: number;
  readonly width: number;
  readonly ids: BigInt64Array;
  /** 1 for a token, 0 for padding. */
  readonly mask: BigInt64Array;
}

/** Cuts texts to at most `maxTokens`, [CLS] and [SEP] included. */
export type BertTokenizer = (texts: readonly string[], maxTokens: number) => TokenBatch;

/**
 * Reads `tokenizer.json` or `vocab.txt` of an uncased BERT model. @throws Error that names the file for any other kind
 * of tokenizer.
 */
export async function loadBertTokenizer(folder: string): Promise<BertTokenizer> {
  const vocabulary = await readVocabulary(folder);
  const idOf = (piece: string): number => {
    const id = vocabulary.indexOf(piece);
    if (id < 0) throw new Error(`the vocabulary in ${folder} has no ${piece}: it is not of a BERT model`);
    return id;
  };
  const [start, end, padding, unknownId] = [idOf('[CLS]'), idOf('[SEP]'), idOf('[PAD]'), idOf('[UNK]')];
  const cut = wordPiece(vocabulary, {
    unknownId,
    maxCharsPerWord: MAX_CHARACTERS_PER_WORD,
    continuingPrefix: CONTINUING_PREFIX,
  });
  return (texts, maxTokens) => {
    const rows = texts.map((text) => {
      const ids: number[] = [];
      cut(text, (id) => ids.push(id));
      return [start, ...ids.slice(0, maxTokens - 2), end];
    });
    return padded(rows, padding);
  };
}

function padded(rows: readonly (readonly number[])[], padding: number): TokenBatch {
  const width = Math.max(1, ...rows.map((row) => row.length));
  const ids = new BigInt64Array(rows.length * width).fill(BigInt(padding));
  const mask = new BigInt64Array(rows.length * width);
  for (const [at, row] of rows.entries()) {
    ids.set(row.map(BigInt), at * width);
    mask.fill(1n, at * width, at * width + row.length);
  }
  return { rows: rows.length, width, ids, mask };
}

async function readVocabulary(folder: string): Promise<readonly string[]> {
  const text = await readIfThere(join(folder, 'tokenizer.json'));
  if (text !== null) return vocabularyOf(JSON.parse(text), join(folder, 'tokenizer.json'));
  const lines = await readIfThere(join(folder, 'vocab.txt'));
  if (lines === null) throw new Error(`${folder} has neither tokenizer.json nor vocab.txt`);
  return lines.replace(/\n$/, '').split(/\r?\n/);
}

function vocabularyOf(tokenizer: unknown, file: string): readonly string[] {
  const model = field(tokenizer, 'model');
  const normalizer = field(tokenizer, 'normalizer');
  const kind = String(field(model, 'type'));
  if (kind !== 'WordPiece' || field(normalizer, 'lowercase') !== true)
    throw new Error(`${file} is of the kind ${kind}, but only WordPiece in lower case is supported`);
  const ids = Object.entries((field(model, 'vocab') ?? {}) as Readonly<Record<string, number>>);
  const vocabulary: string[] = [];
  for (const [piece, id] of ids) vocabulary[id] = piece;
  return vocabulary;
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (field(error, 'code') === 'ENOENT') return null;
    throw error;
  }
}
