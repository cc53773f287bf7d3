import { decodeText } from '../adapters/parser/decode.ts';
import { detectLanguage } from '../adapters/parser/detect-language.ts';
import { formatOf, parserOf } from '../adapters/parser/registry.ts';
import { HoldfastError } from '../core/errors.ts';
import type { PrepareTools } from '../core/ingest/prepare.ts';
import { quantise } from '../engine/dense/dense-index.ts';
import type { StaticModel } from '../engine/embedding/static-model.ts';

/** What a preparing thread works with. */
export function prepareTools(model: StaticModel): PrepareTools {
  return {
    formatOf,
    decode: decodeText,
    parse(format, input) {
      const parser = parserOf(format);
      if (parser === null)
        throw new HoldfastError('document_unsupported', `${input.name}: no parser for ${format}`);
      return parser.parse(input);
    },
    detectLanguage,
    embed: (text, language) => (language === model.language ? quantise(model.embed(text)) : null),
    dimensions: model.dimensions,
  };
}
