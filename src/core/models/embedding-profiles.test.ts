import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dimensionsProblem, embeddingModelProfile } from './embedding-profiles.ts';

function prefixes(name: string): readonly string[] {
  const { queryPrefix, passagePrefix } = embeddingModelProfile(name);
  return [queryPrefix, passagePrefix];
}

function problem(name: string, size: number): string | null {
  return dimensionsProblem(embeddingModelProfile(name), size);
}

describe('profiles of embedding models', () => {
  it('know a model under the names that different servers give it', () => {
    const names: Readonly<Record<string, number>> = {
      'nomic-embed-text': 768,
      'nomic-embed-text:latest': 768,
      'nomic-embed-text:v1.5': 768,
      'nomic-ai/nomic-embed-text-v1.5': 768,
      'mxbai-embed-large': 1024,
      'mixedbread-ai/mxbai-embed-large-v1': 1024,
      'embeddinggemma:300m': 768,
      'google/embeddinggemma-300m': 768,
      'all-minilm:33m': 384,
      'sentence-transformers/all-MiniLM-L6-v2': 384,
      'BAAI/bge-small-en-v1.5': 384,
      'bge-base': 768,
      'bge-large:335m': 1024,
      'intfloat/e5-base-v2': 768,
      'intfloat/multilingual-e5-large': 1024,
      'thenlper/gte-small': 384,
      'snowflake-arctic-embed': 1024,
      'snowflake-arctic-embed:22m': 384,
      'snowflake-arctic-embed2': 1024,
      'text-embedding-3-large': 3072,
    };
    for (const [name, dimensions] of Object.entries(names))
      assert.equal(embeddingModelProfile(name).dimensions, dimensions, name);
  });

  it('have the prefixes of the model cards', () => {
    assert.deepEqual(prefixes('nomic-embed-text'), ['search_query: ', 'search_document: ']);
    assert.deepEqual(prefixes('e5-small-v2'), ['query: ', 'passage: ']);
    assert.deepEqual(prefixes('embeddinggemma'), ['task: search result | query: ', 'title: none | text: ']);
    assert.deepEqual(prefixes('mxbai-embed-large'), [
      'Represent this sentence for searching relevant passages: ',
      '',
    ]);
    assert.deepEqual(prefixes('all-minilm'), ['', '']);
  });

  it('are neutral for models that nobody knows, and learn their dimensions', () => {
    const profile = embeddingModelProfile('acme/secret-embed');
    assert.deepEqual([profile.dimensions, profile.queryPrefix, profile.languages], [null, '', null]);
    assert.equal(dimensionsProblem(profile, 100), null);
  });

  it('let only those be cut that were trained for it', () => {
    assert.equal(problem('nomic-embed-text', 256), null);
    assert.equal(problem('nomic-embed-text', 768), null);
    assert.equal(problem('text-embedding-3-small', 777), null);
    assert.match(problem('nomic-embed-text', 100) ?? '', /64, 128, 256, 512, 768/);
    assert.match(problem('all-minilm', 128) ?? '', /384 dimensions and cannot be cut/);
    assert.match(problem('text-embedding-3-small', 3072) ?? '', /at most 1536/);
  });
});
