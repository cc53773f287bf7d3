import { setImmediate as turn } from 'node:timers/promises';
import type { Catalog, IndexableVersion } from '../../core/documents/catalog.ts';
import { chunkId, type VersionId } from '../../core/documents/ids.ts';
import type { ScanCatalog } from '../../core/retrieval/catalog-scan.ts';
import { matches, type Filter } from '../../core/retrieval/filter.ts';
import { LEXICAL_DEFAULTS, type LexicalConstants } from '../../engine/lexical/constants.ts';
import { LexicalScan } from '../../engine/lexical/lexical-scan.ts';
import { toPassages, UNKNOWN_LANGUAGE } from './translate.ts';

export interface CatalogScanOptions {
  readonly source: Pick<Catalog, 'versionsSince'>;
  /** Those of the index, so that scores are the same. */
  readonly constants?: Partial<LexicalConstants>;
}

/** After so many passages other work gets a turn, and the signal is looked at. */
const PASSAGES_PER_TURN = 128;

/** Reads the stored texts of a collection once for each question. */
export function catalogScan({ source, constants }: CatalogScanOptions): ScanCatalog {
  const all = { ...LEXICAL_DEFAULTS, ...constants };
  return async (scope, { query, filter, limit }, signal) => {
    const scan = new LexicalScan(query, all);
    let isWhole = true;
    let passages = 0;
    for await (const version of source.versionsSince(scope, 0)) {
      if (signal.aborted) {
        isWhole = false;
        break;
      }
      scan.add(toScanned(version, filter));
      passages += version.chunks.length;
      if (passages < PASSAGES_PER_TURN) continue;
      passages = 0;
      await turn();
    }
    const candidates = scan
      .search(limit)
      .map(({ key, ordinal, score }) => ({ chunkId: chunkId(key as VersionId, ordinal), score }));
    const words = { terms: scan.terms(), unknownIdf: Math.log(1 + (scan.size + 0.5) / 0.5) };
    return { candidates, words, read: scan.size, isWhole };
  };
}

function toScanned({ version, title, language, fields, chunks }: IndexableVersion, filter: Filter) {
  return {
    key: version,
    title,
    language: language ?? UNKNOWN_LANGUAGE,
    passages: toPassages(chunks),
    isWanted: Object.entries(filter).every(([field, condition]) =>
      [fields[field] ?? []].flat().some((value) => matches(condition, value)),
    ),
  };
}
