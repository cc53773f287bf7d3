import { evenTensor, ggufBytes, randomTensor, type Gguf } from './gguf.ts';

const WIDTH = 64;
const HIDDEN = 128;
const LAYERS = 2;
const HEADS = 4;
const CONTEXT = 2048;
const TOKEN = { normal: 1, unknown: 2, control: 3, byte: 6 };

const WORDS =
  'the a of and in is it to for on with as at by from backup kiln glaze fire clay potter wheel stone river lamp'.split(
    ' ',
  );

type Tensors = Gguf['tensors'];

/**
 * A Llama of 64 numbers, two layers and random weights (400 KB): it says words without sense and without end. Bytes and
 * the end of the text have a score of zero, which some word always beats.
 */
export function tinyChatModel(): Buffer {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const words = [...WORDS.map((word) => `\u2581${word}`), '\u2581', ...'abcdefghijklmnopqrstuvwxyz'];
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...words];
  const types = tokens.map((_, id) => {
    if (id < 3) return id === 0 ? TOKEN.unknown : TOKEN.control;
    return id < 259 ? TOKEN.byte : TOKEN.normal;
  });
  const output = randomTensor([tokens.length, WIDTH], { seed: 2, spread: 1 });
  output.data.fill(0, 0, (3 + bytes.length) * WIDTH);
  return ggufBytes({
    fields: {
      ...headFields('llama', tokens.length),
      'llama.attention.layer_norm_rms_epsilon': { float32: 1e-5 },
      'llama.rope.dimension_count': { uint32: WIDTH / HEADS },
      'tokenizer.ggml.model': { text: 'llama' },
      'tokenizer.ggml.tokens': { texts: tokens },
      'tokenizer.ggml.scores': { float32s: tokens.map((token) => token.length - 20) },
      'tokenizer.ggml.token_type': { int32s: types },
      'tokenizer.ggml.unknown_token_id': { uint32: 0 },
      'tokenizer.ggml.bos_token_id': { uint32: 1 },
      'tokenizer.ggml.eos_token_id': { uint32: 2 },
    },
    tensors: {
      'token_embd.weight': randomTensor([tokens.length, WIDTH], { seed: 1, spread: 1 }),
      'output_norm.weight': evenTensor([WIDTH], 1),
      'output.weight': output,
      ...layers(['attn_q', 'attn_k', 'attn_v', 'attn_output'], ['ffn_gate', 'ffn_up'], false),
    },
  });
}

/** A BERT of 64 numbers and random weights: vectors without sense, but always the same for the same text. */
export function tinyEmbeddingModel(): Buffer {
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
  const starts = new Set([...WORDS, ...letters]);
  const tokens = [...special, ...[...starts].map((word) => `\u2581${word}`), ...letters];
  const types = tokens.map((_, id) => (id < special.length ? TOKEN.control : TOKEN.normal));
  return ggufBytes({
    fields: {
      ...headFields('bert', tokens.length),
      'bert.attention.layer_norm_epsilon': { float32: 1e-12 },
      'bert.attention.causal': { bool: false },
      'bert.pooling_type': { uint32: 1 },
      'tokenizer.ggml.model': { text: 'bert' },
      'tokenizer.ggml.token_type_count': { uint32: 2 },
      'tokenizer.ggml.tokens': { texts: tokens },
      'tokenizer.ggml.token_type': { int32s: types },
      'tokenizer.ggml.padding_token_id': { uint32: 0 },
      'tokenizer.ggml.unknown_token_id': { uint32: 1 },
      'tokenizer.ggml.bos_token_id': { uint32: 2 },
      'tokenizer.ggml.eos_token_id': { uint32: 3 },
      'tokenizer.ggml.seperator_token_id': { uint32: 3 },
    },
    tensors: {
      'token_embd.weight': randomTensor([tokens.length, WIDTH], { seed: 1, spread: 1 }),
      'position_embd.weight': randomTensor([CONTEXT, WIDTH], { seed: 2, spread: 0.1 }),
      'token_types.weight': randomTensor([2, WIDTH], { seed: 3, spread: 0.1 }),
      ...norm('token_embd_norm', true),
      ...layers(['attn_q', 'attn_k', 'attn_v', 'attn_output'], ['ffn_up'], true),
    },
  });
}

function headFields(architecture: 'llama' | 'bert', tokens: number): Gguf['fields'] {
  return {
    'general.architecture': { text: architecture },
    'general.name': { text: `tiny ${architecture}` },
    'general.file_type': { uint32: 0 },
    [`${architecture}.context_length`]: { uint32: CONTEXT },
    [`${architecture}.embedding_length`]: { uint32: WIDTH },
    [`${architecture}.feed_forward_length`]: { uint32: HIDDEN },
    [`${architecture}.block_count`]: { uint32: LAYERS },
    [`${architecture}.attention.head_count`]: { uint32: HEADS },
    [`${architecture}.attention.head_count_kv`]: { uint32: HEADS },
    [`${architecture}.vocab_size`]: { uint32: tokens },
  };
}

function layers(square: readonly string[], wide: readonly string[], isBert: boolean): Tensors {
  const all: Record<string, Tensors[string]> = {};
  for (let layer = 0; layer < LAYERS; layer++) {
    const name = (part: string): string => `blk.${layer}.${part}`;
    const matrix = (part: string, shape: readonly [number, number], seed: number): void => {
      all[`${name(part)}.weight`] = randomTensor(shape, { seed: 100 * (layer + 1) + seed, spread: 0.1 });
      if (isBert) all[`${name(part)}.bias`] = evenTensor([shape[0]], 0);
    };
    square.forEach((part, index) => matrix(part, [WIDTH, WIDTH], index));
    wide.forEach((part, index) => matrix(part, [HIDDEN, WIDTH], 10 + index));
    matrix('ffn_down', [WIDTH, HIDDEN], 20);
    const norms = isBert ? ['attn_output_norm', 'layer_output_norm'] : ['attn_norm', 'ffn_norm'];
    for (const part of norms) Object.assign(all, norm(name(part), isBert));
  }
  return all;
}

function norm(name: string, hasBias: boolean): Tensors {
  const weight = { [`${name}.weight`]: evenTensor([WIDTH], 1) };
  return hasBias ? { ...weight, [`${name}.bias`]: evenTensor([WIDTH], 0) } : weight;
}
