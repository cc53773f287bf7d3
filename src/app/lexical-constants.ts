import type { Config } from '../config/config.ts';
import { LEXICAL_DEFAULTS, type LexicalConstants } from '../engine/lexical/constants.ts';

/** The constants that the configuration overrides. The proximity weight is that of words in order; nearness gets half. */
export function lexicalConstants(config: Config): Partial<LexicalConstants> {
  const { bm25K1, bm25B, titleWeight, headingWeight, proximityWeight } = config;
  return {
    ...(bm25K1 === undefined ? {} : { k1: bm25K1 }),
    ...(bm25B === undefined ? {} : { b: bm25B }),
    ...(titleWeight === undefined ? {} : { titleWeight }),
    ...(headingWeight === undefined ? {} : { headingWeight }),
    ...(proximityWeight === undefined
      ? {}
      : {
          orderedWeight: proximityWeight,
          windowWeight: proximityWeight * (LEXICAL_DEFAULTS.windowWeight / LEXICAL_DEFAULTS.orderedWeight),
        }),
  };
}
