import type { ModelEmbedder } from '../../../src/adapters/embedder/model-embedder.ts';
import type { Generator, GenerateRequest } from '../../../src/core/models/generator.ts';
import { ModelError } from '../../../src/core/models/model-error.ts';
import type { Reranker } from '../../../src/core/models/reranker.ts';
import { sleep } from '../../../src/resilience/time-source.ts';
import { fakeEncoder } from '../../fake-encoder.ts';
import { deafHang, hang, type FaultSource } from './fault-source.ts';
import { lastNoted } from './journal.ts';

export const ENCODER = fakeEncoder({ dimensions: 32, model: 'encoder' });

/** Errors that every model server may give; null for a kind that is none of them. */
function failureOf(kind: string | null, source: FaultSource): ModelError | null {
  switch (kind) {
    case 'refused':
      return new ModelError('unreachable', 'connection refused');
    case 'reset':
      return new ModelError('unreachable', 'connection reset');
    case 'error':
      return new ModelError('server_error', 'status 500');
    case 'unauthorized':
      return new ModelError('unauthorized', 'status 401');
    case 'wrong_count':
      return new ModelError('unusable', '2 vectors for 1 text');
    case 'pushback':
      return new ModelError('overloaded', 'status 429', { retryAfterMs: source.between(500, 4000) });
    default:
      return null;
  }
}

const vectors = new Map<string, Float32Array>();

export function simulatedEmbedder(source: FaultSource): ModelEmbedder {
  const vectorFor = async (query: string, signal: AbortSignal): Promise<Float32Array> => {
    const kind = source.at('embedder');
    if (kind === 'deaf_hang') return deafHang();
    if (kind === 'hang') return hang(signal);
    await sleep(source.time, kind === 'slow' ? source.between(900, 3000) : source.between(2, 30), signal);
    const failure = failureOf(kind, source);
    if (failure !== null) throw failure;
    if (kind === 'wrong_dimension') return new Float32Array(16).fill(0.25);
    const vector = (vectors.get(query) ?? (await ENCODER.embedQuery(query, signal)))?.slice();
    if (vector === undefined) throw new Error('the fake encoder has a vector for everything');
    if (vectors.size < 100) vectors.set(query, vector.slice());
    return kind === 'nan' ? vector.fill(Number.NaN) : vector;
  };
  return {
    profile: ENCODER.profile,
    embedQuery: vectorFor,
    embedPassages: async () => [],
    connect: async () => ENCODER.profile,
    canary: async (signal) => void (await vectorFor('canary', signal)),
  };
}

const UNGROUNDED = 'Nobody has ever seen the quick brown fox jump over anything at all.';

/** What a generator writes, and which kind of text that is. */
export type Written = 'good' | 'ungrounded' | 'empty' | 'rewrite';

/** Quotes the first sentence of the first passage with its marker. */
function speech(
  request: GenerateRequest,
  kind: string | null,
): { readonly text: string; readonly written: Written } {
  const prompt = request.messages.at(-1)?.content ?? '';
  if (kind === 'empty') return { text: '', written: 'empty' };
  const passage = /^<passage id="1"[^\n]*\n(.+)/m.exec(prompt)?.[1];
  if (passage === undefined) return { text: 'When do backups run daily?', written: 'rewrite' };
  if (kind === 'ungrounded') return { text: UNGROUNDED, written: 'ungrounded' };
  const sentence = /^.*?[.!?](?=\s|$)/.exec(passage)?.[0] ?? passage;
  const said = `${sentence.replace(/[.!?]$/, '')} [1].`;
  return { text: kind === 'endless' ? `${said} `.repeat(800) : said, written: 'good' };
}

export function simulatedGenerator(source: FaultSource): Generator {
  return {
    profile: { model: 'generator', contextTokens: 100_000, maxOutputTokens: 1000, canStream: true },
    async preload(signal) {
      await sleep(source.time, source.between(5, 50), signal);
    },
    async *generate(request, signal) {
      const kind = source.at('generator');
      const call = lastNoted();
      if (kind === 'deaf_hang') await deafHang();
      if (kind === 'hang') await hang(signal);
      await sleep(
        source.time,
        kind === 'slow_first' ? source.between(4000, 14_000) : source.between(10, 300),
        signal,
      );
      const failure = kind === 'reset' ? null : failureOf(kind, source);
      if (failure !== null) throw failure;
      const { text, written } = speech(request, kind);
      if (call?.part === 'generate') call.detail = written;
      const pieces = text.match(/\s*\S+/g) ?? [];
      // In lumps, as some servers send them.
      const size = Math.max(1, Math.ceil(pieces.length / 8));
      for (let at = 0; at < pieces.length; at += size) {
        if (at > 0) await sleep(source.time, source.between(5, 60), signal);
        yield pieces.slice(at, at + size).join('');
        if (kind === 'stall') await hang(signal);
        if (kind === 'deaf_stall') await deafHang();
        if (kind === 'reset') throw new ModelError('unreachable', 'connection reset');
      }
    },
  };
}

export function simulatedReranker(source: FaultSource): Reranker {
  return {
    profile: { model: 'reranker', maxDocuments: 20 },
    async rerank(query, texts, signal) {
      const kind = source.at('reranker');
      if (kind === 'deaf_hang') return deafHang();
      if (kind === 'hang') return hang(signal);
      await sleep(source.time, kind === 'slow' ? source.between(400, 2000) : source.between(5, 80), signal);
      if (kind !== 'wrong_count') {
        const failure = failureOf(kind, source);
        if (failure !== null) throw failure;
      }
      const words = new Set(query.toLowerCase().match(/\w+/g));
      const scores = texts.map(
        (text) =>
          text
            .toLowerCase()
            .match(/\w+/g)
            ?.filter((word) => words.has(word)).length ?? 0,
      );
      if (kind === 'wrong_count') return scores.slice(1);
      return kind === 'nan' ? scores.map(() => Number.NaN) : scores;
    },
  };
}
