import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { prepareTools } from '../../app/prepare-tools.ts';
import { GENERATION, model, scopeOf } from '../../../test/library.ts';
import { documentId } from '../documents/ids.ts';
import { prepareItem, type PrepareInput, type PreparedItem } from './prepare.ts';
import { restoreVersion, type RestoreInput } from './restore.ts';

const tools = prepareTools(model);
const scope = scopeOf('docs');

const TEXT = Array.from(
  { length: 5 },
  (_, part) =>
    `# Part ${part}\n\nThe first rule of part ${part} is to read it. The second one is to read it again.\n\n` +
    `- one point of part ${part}\n- another point\n\n\`\`\`sh\nrun ${part}\n\`\`\`\n`,
).join('\n');

async function prepared(chunkTokens: number, changes: Partial<PrepareInput> = {}): Promise<PreparedItem> {
  const given = { title: null, uri: null, fallbackUri: null, mediaType: null, format: null, metadata: {} };
  const bytes = Buffer.from(TEXT);
  const named = { scope, item: 'a.md', name: 'a.md', language: 'auto', generation: GENERATION };
  return prepareItem({ ...given, ...named, bytes, chunkTokens, ...changes }, tools);
}

async function stored(changes: Partial<RestoreInput> = {}): Promise<RestoreInput> {
  const { documents, contentHash, format } = await prepared(400);
  const [document] = documents;
  assert.ok(document);
  const { version, ...shown } = document;
  return {
    name: 'a.md',
    draft: {
      id: documentId(scope, 'a.md'),
      sourceKey: 'a.md',
      item: 'a.md',
      state: 'ready',
      contentHash,
      format,
    },
    stored: { ...shown, id: version.id, text: version.text, blocks: version.blocks, chunks: version.chunks },
    language: 'keep',
    generation: GENERATION,
    chunkTokens: 20,
    ...changes,
  };
}

async function languageAfter(asked: string): Promise<string | undefined> {
  return restoreVersion(await stored({ language: asked }), tools).documents[0]?.language;
}

describe('a stored text that is made anew', () => {
  it('becomes what its original would become', async () => {
    const restored = restoreVersion(await stored(), tools);
    assert.deepEqual(restored.documents, (await prepared(20)).documents);
  });

  it('keeps its headings and loses no word when it was stored without structure', async () => {
    const input = await stored();
    const [document] = restoreVersion(
      { ...input, stored: { ...input.stored, blocks: null } },
      tools,
    ).documents;
    assert.ok(document);
    const { chunks, text } = document.version;
    assert.ok(chunks.length > input.stored.chunks.length);
    assert.deepEqual(
      chunks.find(({ start }) => text.startsWith('The first rule of part 3', start))?.headingPath,
      ['Part 3'],
    );
    const words = (passages: readonly { readonly start: number; readonly end: number }[]): string =>
      passages
        .map(({ start, end }) => text.slice(start, end))
        .join(' ')
        .replaceAll(/\s+/g, ' ');
    assert.equal(words(chunks), words(input.stored.chunks));
  });

  it('gets the language that is asked for, or the one that is detected', async () => {
    assert.equal(await languageAfter('de'), 'de');
    assert.equal(await languageAfter('auto'), 'en');
    assert.equal(await languageAfter('keep'), 'en');
  });

  it('has another id when it outlived a failed update than the update would have', async () => {
    const input = await stored();
    const failed = restoreVersion({ ...input, draft: { ...input.draft, state: 'failed' } }, tools);
    const ready = restoreVersion(input, tools);
    assert.notEqual(failed.documents[0]?.version.id, ready.documents[0]?.version.id);
  });
});
