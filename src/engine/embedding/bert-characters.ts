const WORD = 1;
const SPACE = 2;
/** A word of its own: punctuation. */
const SINGLE = 3;
/** Dropped: control characters. */
const kinds = new Uint8Array(65_536);

function classify(unit: number): number {
  const character = String.fromCharCode(unit);
  if (/[\s\p{Zs}]/u.test(character)) return SPACE;
  if (unit < 128 && /[!-/:-@[-`{-~]/.test(character)) return SINGLE;
  return /\p{P}/u.test(character) ? SINGLE : WORD;
}

function kindOf(unit: number): number {
  const known = kinds[unit] ?? 0;
  if (known !== 0) return known;
  const found = classify(unit);
  kinds[unit] = found;
  return found;
}

/** The class of a UTF-16 code unit for BERT's basic tokenizer, from a table that fills itself. */
export const characterKinds = { WORD, SPACE, SINGLE, of: kindOf } as const;
