import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { dot, embedderContract } from '../../../test/contract/embedder.ts';
import { modelFailure } from '../../../test/contract/model-failures.ts';
import { temporaryPackage } from '../../../test/contract/temporary-package.ts';
import { findOnnx } from '../../../test/models/onnx.ts';
import { MODEL_FOLDER } from '../../app/package-folders.ts';
import { onnxEmbedder, type OnnxOptions } from './onnx.ts';

const NEVER = new AbortController().signal;
const GOLDEN = new URL('../../../test/fixtures/minilm-golden.json', import.meta.url);

/** Speaks the interface of `onnxruntime-node`; its model has one direction for each of 64 groups of token ids. */
const RUNTIME = `
class Tensor { constructor(type, data, dims) { Object.assign(this, { type, data, dims }); } }
const InferenceSession = { create: async (path, options) => ({
  inputNames: ['input_ids', 'attention_mask'],
  outputNames: ['last_hidden_state'],
  async run({ input_ids: { data, dims: [rows, width] } }) {
    if (data.includes(666n)) process.exit(3);
    if (data.includes(777n)) throw new Error('no memory');
    const hidden = new Float32Array(data.length * 64);
    for (const [at, id] of data.entries()) hidden[at * 64 + Number(id % 64n)] = 1;
    return { last_hidden_state: { dims: [rows, width, 64], data: hidden } };
  },
}) };
export default { Tensor, InferenceSession };
`;

/** A folder with a model, and the runtime above. */
async function standIn() {
  const folder = await temporaryPackage('onnxruntime-node', RUNTIME);
  const model = join(folder.path, 'model');
  await mkdir(model);
  await writeFile(join(model, 'model.onnx'), '');
  const pieces = (await readFile(join(MODEL_FOLDER, 'vocab.txt'), 'utf8')).split('\n');
  await writeFile(join(model, 'vocab.txt'), [...pieces.slice(0, -2), '[CLS]', '[SEP]'].join('\n'));
  const create = async (options: Partial<OnnxOptions> = {}) =>
    onnxEmbedder({ folder: model, packageFolder: folder.path, ...options });
  return { model, create, pieces, [Symbol.asyncDispose]: async () => folder[Symbol.asyncDispose]() };
}

embedderContract('onnx, stand-in', async () => {
  const files = await standIn();
  const embedder = await files.create();
  const dispose = async (): Promise<void> => {
    await embedder[Symbol.asyncDispose]();
    await files[Symbol.asyncDispose]();
  };
  return { embedder, dimensions: 64, [Symbol.asyncDispose]: dispose };
});

it('pools as the profile of the model says', async () => {
  await using files = await standIn();
  await using mean = await files.create();
  await using first = await files.create({
    model: 'bge-small',
    profile: { dimensions: null, queryPrefix: '' },
  });
  const [ofAll, ofFirst] = await Promise.all(
    [mean, first].map((one) => one.embedQuery('backups run', NEVER)),
  );
  assert.ok((ofAll?.filter((value) => value !== 0).length ?? 0) > 2);
  assert.equal(ofFirst?.filter((value) => value !== 0).length, 1);
  assert.equal(mean.profile.model, 'model');
});

it('outlives a text that fails, and a thread that ends', async () => {
  await using files = await standIn();
  await using embedder = await files.create();
  const failing = await modelFailure(embedder.embedQuery(String(files.pieces[777]), NEVER));
  assert.deepEqual([failing.failure, failing.message], ['server_error', 'no memory']);
  const ending = await modelFailure(embedder.embedQuery(String(files.pieces[666]), NEVER));
  assert.match(ending.message, /ended with code 3/);
  await embedder.canary(NEVER);
});

it('lets go of a call that is aborted, also before its turn', async () => {
  await using files = await standIn();
  await using embedder = await files.create();
  const controller = new AbortController();
  const reason = new Error('too late');
  const running = embedder.embedPassages(['one', 'two'], NEVER);
  const waiting = embedder.embedQuery('three', controller.signal);
  controller.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
  assert.equal((await running).length, 2);
});

it('says what is missing', async () => {
  await using files = await standIn();
  await assert.rejects(files.create({ packageFolder: import.meta.dirname }), {
    code: 'invalid_configuration',
    message: /the package onnxruntime-node is not installed: run npm install onnxruntime-node/,
  });
  await assert.rejects(files.create({ folder: import.meta.dirname }), {
    code: 'invalid_configuration',
    message: `${import.meta.dirname} has no model.onnx`,
  });
});

const found = findOnnx();
if ('missing' in found) it('a real ONNX model', { skip: `NOT CHECKED: ${found.missing}` });
else {
  const create = async () => onnxEmbedder({ ...found, model: 'all-MiniLM-L6-v2' });
  embedderContract('onnx, all-MiniLM-L6-v2', async () => {
    const embedder = await create();
    return { embedder, dimensions: 384, [Symbol.asyncDispose]: async () => embedder[Symbol.asyncDispose]() };
  });

  it('gives the vectors of the reference (PyTorch) with all-MiniLM-L6-v2', async () => {
    const { cases } = JSON.parse(await readFile(GOLDEN, 'utf8')) as {
      cases: readonly { readonly text: string; readonly embedding: readonly number[] }[];
    };
    await using embedder = await create();
    const vectors = await embedder.embedPassages(
      cases.map(({ text }) => text),
      NEVER,
    );
    for (const [at, vector] of vectors.entries()) {
      const expected = Float32Array.from(cases[at]?.embedding ?? []);
      assert.ok(dot(vector, expected) > 0.9999, `${cases[at]?.text}: ${dot(vector, expected)}`);
    }
  });
}
