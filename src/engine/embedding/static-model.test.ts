import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { loadStaticModel } from '../../adapters/embedder/static.ts';
import { MODEL_FOLDER } from '../../app/package-folders.ts';
import { normalise, staticModel, type StaticModel, type StaticModelDescription } from './static-model.ts';

interface Golden {
  readonly cases: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly embedding: readonly number[];
  }[];
}

const golden = JSON.parse(await readFile(`${MODEL_FOLDER}/golden.json`, 'utf8')) as Golden;
const model = await loadStaticModel(MODEL_FOLDER);

/** The rules of the reference, each for all of the text before the next. */
function foldedAsAWhole(text: string): string {
  return text
    .replaceAll(/[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cn}\p{Co}]/gu, '')
    .replaceAll(/\p{Script=Han}/gu, ' $& ')
    .normalize('NFD')
    .replaceAll(/\p{Mn}/gu, '')
    .replaceAll('Σ', 'σ')
    .toLowerCase();
}

/** Two pieces and one continuation of two dimensions, with round numbers. */
const tiny: StaticModelDescription = {
  name: 'tiny',
  language: 'en',
  dimensions: 2,
  vocabulary: 4,
  tokenizer: { continuingPrefix: '##', maxCharsPerWord: 5, unknownId: 0 },
};
const tinyVocabulary = '[UNK]\nhold\n##fast\n,\n';
const rows = Int8Array.of(0, 0, 10, 0, 0, 10, 5, 5);
const scales = Float32Array.of(1, 1, 1, 1);
const tinyEmbeddings = new Uint8Array([...new Uint8Array(rows.buffer), ...new Uint8Array(scales.buffer)]);

describe('the static model of the package', () => {
  it('has fifty golden cases', () => {
    assert.equal(golden.cases.length, 50);
  });

  for (const [at, { text, ids, embedding }] of golden.cases.entries()) {
    it(`agrees with golden case ${at}: ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.deepEqual([...model.tokenize(text)], ids);
      const vector = model.embed(text);
      assert.equal(vector.length, embedding.length);
      for (const [i, value] of vector.entries())
        assert.ok(Math.abs(value - (embedding[i] ?? NaN)) <= 1e-4, `dimension ${i}: ${value}`);
    });
  }

  it('folds each part of a text as it would be folded alone', () => {
    const texts = [
      'Σίσυφος rolls ΟΔΟΣ, Σ',
      'Ångström e\u0301le\u0300ve İstanbul ﬁn',
      'a\x07b\u00adc \ufffd\u200b漢字kana\x00é\x07\u0301',
      'the “quoted” word — isn’t',
    ];
    for (const text of texts)
      assert.deepEqual(model.tokenize(text), model.tokenize(foldedAsAWhole(text)), text);
  });

  it('gives the same vector again, and whatever was embedded in between', () => {
    const before = model.embed('How are backups restored?');
    for (const { text } of golden.cases) model.embed(text);
    assert.deepEqual(model.embed('How are backups restored?'), before);
  });
});

function read(): StaticModel {
  return staticModel({ description: tiny, vocabulary: tinyVocabulary, embeddings: tinyEmbeddings });
}

describe('a static model', () => {
  it('cuts words into the longest known pieces', () => {
    assert.deepEqual([...read().tokenize('Hold, HOLD')], [1, 3, 1]);
    assert.deepEqual(
      [
        ...staticModel({
          description: { ...tiny, tokenizer: { ...tiny.tokenizer, maxCharsPerWord: 8 } },
          vocabulary: tinyVocabulary,
          embeddings: tinyEmbeddings,
        }).tokenize('holdfast'),
      ],
      [1, 2],
    );
  });

  it('takes a word that is too long or has no pieces as unknown', () => {
    assert.deepEqual([...read().tokenize('holdfast fast')], [0, 0]);
  });

  it('counts a repeated piece by the root of its count', () => {
    const [first = 0, second = 0] = read().embed('hold hold hold hold ,');
    assert.ok(Math.abs(first / second - 25 / 5) < 1e-6);
  });

  it('gives the zero vector when no piece is known', () => {
    assert.deepEqual([...read().embed('unknown words')], [0, 0]);
    assert.deepEqual([...normalise(new Float32Array(3))], [0, 0, 0]);
  });

  it('refuses files that do not fit the description', () => {
    const shortened = tinyEmbeddings.subarray(0, -1);
    assert.throws(
      () => staticModel({ description: tiny, vocabulary: tinyVocabulary, embeddings: shortened }),
      {
        message: 'model tiny: 23 bytes and 4 pieces do not fit 4 rows of 2',
      },
    );
    assert.throws(
      () => staticModel({ description: tiny, vocabulary: 'a\nb', embeddings: tinyEmbeddings }),
      /2 pieces/,
    );
  });

  it('reads embeddings that start anywhere in their buffer', () => {
    const moved = new Uint8Array(tinyEmbeddings.length + 3);
    moved.set(tinyEmbeddings, 3);
    const shifted = staticModel({
      description: tiny,
      vocabulary: tinyVocabulary,
      embeddings: moved.subarray(3),
    });
    assert.deepEqual(shifted.embed('hold ,'), read().embed('hold ,'));
  });
});
