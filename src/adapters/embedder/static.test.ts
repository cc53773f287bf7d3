import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { MODEL_FOLDER } from '../../app/package-folders.ts';
import { loadStaticModel, staticEmbedder } from './static.ts';

const FILES = ['model.json', 'vocab.txt', 'embeddings.bin'] as const;
const { signal } = new AbortController();

async function copyModel(folder: string): Promise<string> {
  const copy = join(folder, 'model');
  await mkdir(copy);
  for (const name of FILES) await copyFile(join(MODEL_FOLDER, name), join(copy, name));
  return copy;
}

describe('the built-in embedder', () => {
  it('is loaded from the package', async () => {
    const { profile } = staticEmbedder(await loadStaticModel(MODEL_FOLDER));
    assert.equal(profile.model, 'holdfast-static-en-v1');
    assert.equal(profile.dimensions, 256);
    assert.deepEqual(profile.languages, ['en']);
  });

  it('has the null vector for a question without a known word', async () => {
    const embedder = staticEmbedder(await loadStaticModel(MODEL_FOLDER));
    assert.equal(await embedder.embedQuery('', signal), null);
    assert.equal((await embedder.embedQuery('backup', signal))?.length, 256);
  });

  for (const question of [
    'Wie lange werden die Sicherungen aufbewahrt?',
    'Où sont gardées les sauvegardes ?',
    '备份保存多少天？',
    'バックアップは何日間保管しますか？',
    '백업을 며칠 동안 보관하나요?',
    'เก็บไฟล์สำรองไว้กี่วัน',
  ])
    it(`steps back from a question in a language that it does not know: ${question}`, async () => {
      const embedder = staticEmbedder(await loadStaticModel(MODEL_FOLDER));
      assert.equal(await embedder.embedQuery(question, signal), null);
    });

  for (const question of [
    'How long are backups kept?',
    'reset password',
    'naïve café façade',
    'Müller backup',
  ])
    it(`stays for an English question: ${question}`, async () => {
      const embedder = staticEmbedder(await loadStaticModel(MODEL_FOLDER));
      assert.equal((await embedder.embedQuery(question, signal))?.length, 256);
    });

  it('embeds passages in order, zero for one without a known word', async () => {
    const embedder = staticEmbedder(await loadStaticModel(MODEL_FOLDER));
    const [first, empty, last] = await embedder.embedPassages(['backup', '', 'restore'], signal);
    assert.deepEqual(first, await embedder.embedQuery('backup', signal));
    assert.deepEqual(empty, new Float32Array(256));
    assert.deepEqual(last, await embedder.embedQuery('restore', signal));
  });

  for (const name of ['vocab.txt', 'embeddings.bin'] as const) {
    it(`refuses a damaged ${name} by its name`, async () => {
      await using folder = await temporaryFolder();
      const copy = await copyModel(folder.path);
      const bytes = await readFile(join(copy, name));
      bytes[1000] = (bytes[1000] ?? 0) ^ 1;
      await writeFile(join(copy, name), bytes);
      await assert.rejects(loadStaticModel(copy), {
        message: `${join(copy, name)} does not fit its checksum in model.json`,
      });
    });
  }
});
