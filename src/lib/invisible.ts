/** Zero-width, bidirectional controls, fillers, tags, variation selectors of Han characters in other places. */
const NEVER_SEEN = [
  String.raw`[\u00ad\u061c\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]`,
  String.raw`\u034f`,
  String.raw`[\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e00ff}\u{e01f0}-\u{e0fff}]`,
  String.raw`(?<!\p{Script=Han})[\u{e0100}-\u{e01ef}]`,
] as const;
/** Joiners and variation selectors where no script and no emoji needs them. */
const OUT_OF_PLACE = [
  String.raw`(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])[\u200c\u200d]`,
  String.raw`[\u200c\u200d](?![\p{L}\p{M}\p{Extended_Pictographic}])`,
  String.raw`(?<=[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}])[\u200c-\u200d\ufe00-\ufe0f]`,
  String.raw`(?<![^\s\ufe00-\ufe0f])[\ufe00-\ufe0f]`,
] as const;
const INVISIBLE = new RegExp([...NEVER_SEEN, ...OUT_OF_PLACE].join('|'), 'gu');
/** Quick: nearly all texts have none of them. */
const SUSPECT = new RegExp([...NEVER_SEEN, String.raw`[\u200c-\u200d\ufe00-\ufe0f]`].join('|'), 'u');
const CONTROLS = /(?![\n\t])\p{Cc}/gu;

/**
 * Where the characters of a text are, in order, that nobody sees and that hide or fake text. Sources: Unicode 16,
 * UTR 36, UTS 39.
 */
export function invisibleSpans(text: string): readonly { readonly start: number; readonly end: number }[] {
  if (!SUSPECT.test(text)) return [];
  return [...text.matchAll(INVISIBLE)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** The text as a reader sees it. */
export function withoutInvisible(text: string): string {
  return SUSPECT.test(text) ? text.replaceAll(INVISIBLE, '') : text;
}

/** Control characters but line feed and tab: terminals and models may obey them. */
export function replaceControls(text: string, replacement: string): string {
  return text.replaceAll(CONTROLS, replacement);
}
