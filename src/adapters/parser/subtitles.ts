import type { Parser } from '../../core/documents/parser.ts';
import { HoldfastError } from '../../core/errors.ts';
import { BlockWriter } from './block-writer.ts';
import { singleDocument } from './single-document.ts';
import { readCues, type Cue } from './subtitle-cues.ts';

/** A paragraph of speech ends at a pause this long, */
const PAUSE_MS = 3000;
/** or with a sentence once it is this long. */
const PARAGRAPH_CHARS = 400;
const SENTENCE_END = /[.!?…。！？]["'”’)]?$/;

/** Subtitles as paragraphs of speech, each under its times. Positions and tags are left out. */
export const subtitlesParser: Parser = {
  format: 'subtitles',
  extensions: ['vtt', 'srt'],
  mediaTypes: ['text/vtt', 'application/x-subrip', 'application/x-srt'],
  parse({ text, name }) {
    const cues = readCues(text);
    if (cues.length === 0)
      throw new HoldfastError('document_malformed', `${name} has no cue such as 00:01.000 --> 00:02.000`);
    const writer = new BlockWriter();
    for (const paragraph of speech(cues)) {
      writer.open(timeRange(paragraph));
      writer.add('paragraph', paragraph.map(({ text: line }) => line).join(' '));
    }
    const parts = { recordKey: null, title: null, uri: null, metadata: {}, language: null };
    return singleDocument({ ...parts, ...writer.finish() }, name);
  },
};

function timeRange(cues: readonly Cue[]): string {
  return `${clockTime(cues[0]?.startMs ?? 0)} – ${clockTime(cues.at(-1)?.endMs ?? 0)}`;
}

function clockTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => `${part}`.padStart(2, '0')).join(':');
}

/** Cues that belong together. What a rolling caption shows again counts once. */
function* speech(cues: readonly Cue[]): Generator<readonly Cue[]> {
  let open: Cue[] = [];
  let chars = 0;
  for (const cue of cues) {
    const last = open.at(-1);
    if (cue.text === '' || cue.text === last?.text) continue;
    const isNew =
      last !== undefined &&
      (cue.startMs - last.endMs > PAUSE_MS ||
        cue.speaker !== last.speaker ||
        (chars > PARAGRAPH_CHARS && SENTENCE_END.test(last.text)) ||
        chars > 3 * PARAGRAPH_CHARS);
    if (isNew) {
      yield open;
      open = [];
      chars = 0;
    }
    const spoken = open.length === 0 && cue.speaker !== null ? `${cue.speaker}: ${cue.text}` : cue.text;
    open.push({ ...cue, text: spoken });
    chars += spoken.length + 1;
  }
  if (open.length > 0) yield open;
}
