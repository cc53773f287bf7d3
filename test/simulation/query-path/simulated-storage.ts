import assert from 'node:assert/strict';
import type { Catalog } from '../../../src/core/documents/catalog.ts';
import type { ScanCatalog } from '../../../src/core/retrieval/catalog-scan.ts';
import type { SearchedIndex } from '../../../src/core/retrieval/limited-index.ts';
import type { TextAnalysis } from '../../../src/core/retrieval/text-analysis.ts';
import { deafHang, unreadable, type FaultSource } from './fault-source.ts';
import { observed } from './journal.ts';
import { ENCODER } from './simulated-models.ts';

const LOST = new RangeError('offset is out of bounds');

const LEXICAL = ['lost', 'lexical_lost', 'hang', 'slow'];
const DENSE = ['lost', 'dense_lost', 'hang', 'slow'];
const SCORES = ['lost', 'scores_lost', 'hang'];

/** The index with its faults; it holds every vector to the model that it belongs to. */
export function simulatedIndex(index: SearchedIndex, source: FaultSource, dimensions: number): SearchedIndex {
  const call = async <T>(part: string, kinds: readonly string[], work: () => Promise<T>): Promise<T> =>
    observed(part, async (noting) => {
      const kind = source.at('index', kinds);
      if (kind === 'hang') return deafHang();
      if (kind === 'slow') await source.time.sleep(source.between(100, 1800));
      else if (kind !== null) throw LOST;
      const value = await work();
      noting.detail = value;
      return value;
    });
  return {
    lexical: async (...asked) => call('lexical', LEXICAL, async () => index.lexical(...asked)),
    dense: async (...asked) => {
      assert.equal(asked[1].query.length, dimensions, 'a vector of another model meets the static index');
      return call('dense', DENSE, async () => index.dense(...asked));
    },
    denseEncoded: async (...asked) => {
      const { model, vector } = asked[1].query;
      assert.deepEqual([model, vector.length], [ENCODER.profile.model, ENCODER.profile.dimensions]);
      return call('denseEncoded', DENSE, async () => index.denseEncoded(...asked));
    },
    lexicalScores: async (...asked) =>
      call('lexicalScores', SCORES, async () => index.lexicalScores(...asked)),
    denseScores: async (...asked) => call('denseScores', SCORES, async () => index.denseScores(...asked)),
    encodedScores: async (...asked) =>
      call('encodedScores', SCORES, async () => index.encodedScores(...asked)),
    encoded: async (...asked) =>
      call('encoded', ['lost', 'progress_lost', 'hang'], async () => index.encoded(...asked)),
  };
}

/** What the index tells of words is gone with it. */
export function simulatedAnalysis(analysis: TextAnalysis, source: FaultSource): TextAnalysis {
  return {
    terms: (text, language) => analysis.terms(text, language),
    queryTerms: async (...asked) =>
      observed('words', async () => {
        const kind = source.at('index', ['lost', 'hang']);
        if (kind === 'hang') return deafHang();
        if (kind !== null) throw LOST;
        return analysis.queryTerms(...asked);
      }),
    unknownIdf: async (scope) => analysis.unknownIdf(scope),
  };
}

type ReadCatalog = Pick<Catalog, 'getCollection' | 'hydrate' | 'listCollections' | 'lastSequence'>;

export function simulatedCatalog(catalog: ReadCatalog, source: FaultSource): ReadCatalog {
  const call = async <T>(part: string, kinds: readonly string[], work: () => Promise<T>): Promise<T> =>
    observed(part, async () => {
      const kind = source.at('catalog', kinds);
      if (kind === 'hang') return deafHang();
      if (kind === 'slow') await source.time.sleep(source.between(5, 200));
      else if (kind !== null) throw unreadable();
      return work();
    });
  const all = ['unreadable', 'hang', 'slow'];
  return {
    getCollection: async (scope) => call('getCollection', all, async () => catalog.getCollection(scope)),
    listCollections: async (...asked) =>
      call('listCollections', all, async () => catalog.listCollections(...asked)),
    lastSequence: async (scope) => call('lastSequence', all, async () => catalog.lastSequence(scope)),
    hydrate: async (...asked) =>
      call('hydrate', [...all, 'texts_unreadable'], async () => catalog.hydrate(...asked)),
  };
}

export function simulatedScan(scan: ScanCatalog, source: FaultSource): ScanCatalog {
  return async (scope, request, signal) =>
    observed('scan', async () => {
      const kind = source.at('catalog', ['unreadable', 'slow', 'texts_unreadable']);
      if (kind === 'slow') await source.time.sleep(source.between(5, 400));
      else if (kind !== null) throw unreadable();
      return scan(scope, request, signal);
    });
}
