import { detectLanguage } from '../engine/analysis/detect-language.ts';
import { formatOf, parseFile } from '../adapters/parser/registry.ts';
import type { PrepareTools } from '../core/ingest/prepare.ts';
import { quantise } from '../engine/dense/dense-index.ts';
import type { StaticModel } from '../engine/embedding/static-model.ts';

/** What a preparing thread works with. */
export function prepareTools(
  model: StaticModel,
  { keepsVectors = true }: { readonly keepsVectors?: boolean } = {},
): PrepareTools {
  return {
    formatOf,
    parse: parseFile,
    detectLanguage,
    embed: (text, language) =>
      keepsVectors && language === model.language ? quantise(model.embed(text)) : null,
    dimensions: keepsVectors ? model.dimensions : 0,
  };
}
