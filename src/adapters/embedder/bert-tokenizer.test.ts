import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { loadBertTokenizer } from './bert-tokenizer.ts';

const PIECES = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'back', '##up', 'run', 'the', '.'];

async function folderWith(files: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  return folder;
}

function tokenizerJson(type: string, lowercase: boolean): string {
  const vocab = Object.fromEntries(PIECES.map((piece, id) => [piece, id]));
  return JSON.stringify({ model: { type, vocab }, normalizer: { lowercase } });
}

for (const [title, files] of [
  ['vocab.txt', { 'vocab.txt': `${PIECES.join('\n')}\n` }],
  ['tokenizer.json', { 'tokenizer.json': tokenizerJson('WordPiece', true) }],
] as const) {
  it(`puts texts between [CLS] and [SEP], pads and cuts them with ${title}`, async () => {
    await using folder = await folderWith(files);
    const tokenize = await loadBertTokenizer(folder.path);
    const { rows, width, ids, mask } = tokenize(['Backup the RUN.', 'zzz', ''], 6);
    assert.deepEqual([rows, width], [3, 6]);
    assert.deepEqual([...ids].map(Number), [2, 4, 5, 7, 6, 3, 2, 1, 3, 0, 0, 0, 2, 3, 0, 0, 0, 0]);
    assert.deepEqual([...mask].map(Number), [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0]);
  });
}

it('takes special tokens in a text as plain text', async () => {
  await using folder = await folderWith({ 'vocab.txt': PIECES.join('\n') });
  const { ids } = (await loadBertTokenizer(folder.path))(['[SEP]'], 10);
  assert.deepEqual([...ids].map(Number), [2, 1, 1, 1, 3]);
});

for (const [title, files, text] of [
  ['another kind of tokenizer', { 'tokenizer.json': tokenizerJson('BPE', true) }, /kind BPE/],
  ['a cased tokenizer', { 'tokenizer.json': tokenizerJson('WordPiece', false) }, /lower case/],
  ['another vocabulary', { 'vocab.txt': 'a\nb' }, /has no \[CLS\]/],
  ['no vocabulary', {}, /neither tokenizer\.json nor vocab\.txt/],
] as const) {
  it(`refuses ${title}`, async () => {
    await using folder = await folderWith(files);
    await assert.rejects(loadBertTokenizer(folder.path), text);
  });
}
