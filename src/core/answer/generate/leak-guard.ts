/** Holds back what repeats a secret text. */
export interface LeakGuard {
  /** The piece, without words at its end that may become a repetition. Nothing any more once it leaked. */
  push(piece: string): string;
  /** What was held back, once the text is over. */
  end(): string;
  readonly hasLeaked: boolean;
}

/** So many words in a row are a repetition; fewer are chance. */
const WORDS = 6;
const WORD = /[\p{L}\p{N}_]+/gu;

/** A text that is not to be repeated, taken apart. */
export interface Secret {
  /** Its runs of words, in lower case and with one space between words. */
  readonly runs: ReadonlySet<string>;
  /** What runs begin with. */
  readonly beginnings: ReadonlySet<string>;
}

export function secretOf(text: string): Secret {
  const all = runs(text, WORDS);
  return { runs: new Set(all), beginnings: new Set(all.flatMap(beginningsOf)) };
}

/**
 * Watches a streamed text for runs of words of the secret, in any case and with any punctuation between them. Nothing
 * of a run is let through before it is clear that it is none. What `open` texts hold may be said.
 */
export function leakGuard(secret: Secret, open: readonly string[]): LeakGuard {
  let said: ReadonlySet<string> | null = null;
  const maySay = (run: string): boolean => {
    said ??= new Set(open.flatMap((text) => runs(text, WORDS)));
    return said.has(run);
  };
  const isLeak = (run: string): boolean => secret.runs.has(run) && !maySay(run);
  let held = '';
  let hasLeaked = false;
  return {
    push(piece) {
      if (hasLeaked) return '';
      held += piece;
      const words = [...held.matchAll(WORD)].map((match) => ({
        at: match.index,
        word: match[0].toLowerCase(),
      }));
      const from = (at: number): string =>
        words
          .slice(at, at + WORDS)
          .map(({ word }) => word)
          .join(' ');
      hasLeaked = words.some((_, at) => isLeak(from(at)));
      if (hasLeaked) return '';
      const first = words.findIndex((_, at) => at > words.length - WORDS && secret.beginnings.has(from(at)));
      const end = words[first]?.at ?? held.length;
      const shown = held.slice(0, end);
      held = held.slice(end);
      return shown;
    },
    end() {
      const rest = hasLeaked ? '' : held;
      held = '';
      return rest;
    },
    get hasLeaked() {
      return hasLeaked;
    },
  };
}

function runs(text: string, length: number): string[] {
  const words = (text.toLowerCase().match(WORD) ?? []) as readonly string[];
  return Array.from({ length: Math.max(0, words.length - length + 1) }, (_, at) =>
    words.slice(at, at + length).join(' '),
  );
}

function beginningsOf(run: string): string[] {
  const words = run.split(' ');
  return words.slice(0, -1).map((_, at) => words.slice(0, at + 1).join(' '));
}
