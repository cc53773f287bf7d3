import { sha256Hex } from '../../lib/hash.ts';
import type { Block, Chunk } from '../documents/document.ts';
import type { FollowedDraft, StoredVersion } from '../documents/generations.ts';
import type { GenerationId } from '../documents/ids.ts';
import { languageOfText, prepareVersion, type PreparedItem, type PrepareTools } from './prepare.ts';

/** A stored version that is to be made anew for another generation. Plain data, for a worker thread. */
export interface RestoreInput {
  /** For messages. */
  readonly name: string;
  readonly draft: Pick<FollowedDraft, 'id' | 'sourceKey' | 'item' | 'state' | 'contentHash' | 'format'>;
  readonly stored: StoredVersion;
  /** ISO 639-1; `auto`: detected from the text; `keep`: as it is. */
  readonly language: string;
  readonly generation: GenerationId;
  readonly chunkTokens: number;
  /** False: chunks get no vectors. Left out: they do. */
  readonly isEmbedded?: boolean;
}

/** An item of one document, with its version as the other generation has it. */
export type Restore = (input: RestoreInput, signal: AbortSignal) => Promise<PreparedItem>;

type RestoreTools = Pick<PrepareTools, 'embed' | 'dimensions' | 'detectLanguage'>;

/** Splits and embeds a stored text: the same version that its original would give. */
export function restoreVersion(input: RestoreInput, tools: RestoreTools): PreparedItem {
  const { draft, stored, generation, chunkTokens, isEmbedded = true } = input;
  const { title, uri, metadata, text } = stored;
  const language = languageOf(input, tools);
  const contentHash = contentHashOf(input);
  const version = prepareVersion(
    {
      document: draft.id,
      contentHash,
      generation,
      chunkTokens,
      isEmbedded,
      format: draft.sourceKey === draft.item ? draft.format : null,
      text,
      blocks: stored.blocks ?? blocksOfChunks(text, stored.chunks),
      title,
      uri,
      language,
      metadata,
    },
    tools,
  );
  const document = { recordKey: null, title, uri, language, metadata, version };
  return { format: draft.format, contentHash, documents: [document], problems: [] };
}

function languageOf({ language, stored }: RestoreInput, tools: RestoreTools): string {
  if (language === 'keep' && stored.language !== null) return stored.language;
  if (language !== 'keep' && language !== 'auto') return language;
  return languageOfText(stored.text, tools);
}

/** As the ingest has it. A version that outlived a failed update is told by its own id. */
function contentHashOf({ draft, stored }: RestoreInput): string {
  if (draft.state !== 'ready') return stored.id;
  if (draft.sourceKey !== draft.item || draft.contentHash === null) return sha256Hex(stored.text);
  return draft.contentHash;
}

/** Structure for a text that was stored without it: what the chunks tell. */
function blocksOfChunks(text: string, chunks: readonly Chunk[]): Block[] {
  const blocks: Block[] = [];
  let path: readonly string[] = [];
  for (const { start, end, headingPath, page } of chunks) {
    const known = path.findIndex((heading, level) => headingPath[level] !== heading);
    for (const [level, label] of headingPath.entries())
      if (known === -1 ? level >= path.length : level >= known)
        blocks.push({ kind: 'heading', start, end: start, level: Math.min(6, level + 1), label });
    path = headingPath;
    for (const paragraph of paragraphs(text, { start, end }))
      blocks.push({ kind: 'paragraph', level: 0, ...paragraph, ...(page === null ? {} : { page }) });
  }
  return blocks;
}

function paragraphs(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
): { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (const match of text.slice(start, end).matchAll(/\S(?:(?!\n\s*\n)[\s\S])*/g))
    found.push({ start: start + match.index, end: start + match.index + match[0].length });
  return found;
}
