import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sha256Hex } from '../../lib/hash.ts';
import type { KnownItem } from '../documents/catalog.ts';
import { documentId, type CollectionName, type GenerationId, type TenantId } from '../documents/ids.ts';
import { judge, type JudgeDependencies } from './judge.ts';
import type { SourceItem } from './source.ts';

const scope = { tenant: 'default' as TenantId, collection: 'docs' as CollectionName };
const generation = 'g1' as GenerationId;
const CONTENT = sha256Hex('heron');

/** A source of one text, and how often it was read. */
function reading(text: string): { readonly dependencies: JudgeDependencies; readonly reads: () => number } {
  let reads = 0;
  const source = {
    list: () => assert.fail('nothing is listed'),
    read: async () => {
      reads++;
      return Buffer.from(text);
    },
  };
  const catalog = {
    getDocument: async () => null,
    storedOutcome: async () => null,
  };
  return {
    dependencies: {
      catalog,
      source,
      scope,
      origin: 'folder',
      generation,
      language: undefined,
      maxDocumentBytes: 100,
    },
    reads: () => reads,
  };
}

function fileWith(stamp?: string): SourceItem {
  const about = { item: '/a.md', name: 'a.md', path: 'a.md', uri: 'file:///a.md', sizeBytes: 5 };
  return { kind: 'file', ...about, ...(stamp === undefined ? {} : { stamp }) };
}

function knownWith(stamp: string | null, of: GenerationId = generation): KnownItem {
  const documents = [{ id: documentId(scope, '/a.md'), state: 'ready' }] as const;
  return { item: '/a.md', contentHash: CONTENT, generation: of, givenLanguage: null, stamp, documents };
}

describe('an item that is known', () => {
  it('is not read when its source says that it is as it was', async () => {
    const { dependencies, reads } = reading('crane');
    const { kind } = await judge(dependencies, fileWith('s1'), knownWith('s1'));
    assert.deepEqual([kind, reads()], ['unchanged', 0]);
  });

  it('is read when its source says something else, or nothing', async () => {
    for (const [stamp, before] of [
      ['s2', 's1'],
      ['s1', null],
      [undefined, 's1'],
      [undefined, null],
    ] as const)
      for (const [text, verdict] of [
        ['heron', 'unchanged'],
        ['crane', 'update'],
      ] as const) {
        const { dependencies, reads } = reading(text);
        const { kind } = await judge(dependencies, fileWith(stamp), knownWith(before));
        assert.deepEqual([kind, reads()], [verdict, 1], `${stamp} after ${before}: ${text}`);
      }
  });

  it('is prepared anew for another generation without being read', async () => {
    const { dependencies, reads } = reading('heron');
    const { kind } = await judge(dependencies, fileWith('s1'), knownWith('s1', 'g0' as GenerationId));
    assert.deepEqual([kind, reads()], ['update', 0]);
  });
});
