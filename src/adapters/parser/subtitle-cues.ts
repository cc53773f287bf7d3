/** A line of subtitles and when it is shown. */
export interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  readonly speaker: string | null;
  /** Without tags, in one line. */
  readonly text: string;
}

const TIME = String.raw`(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})`;
const TIMING = new RegExp(`^[ \\t]*${TIME}[ \\t]*-->[ \\t]*${TIME}`);
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  nbsp: ' ',
  lrm: '',
  rlm: '',
  quot: '"',
};

/** The cues of WebVTT or SubRip, in order. Notes, styles, regions and numbers belong to no cue. */
export function readCues(text: string): Cue[] {
  const cues: Cue[] = [];
  let open: { times: readonly [number, number]; lines: string[] } | null = null;
  const close = (): void => {
    if (open !== null) cues.push(toCue(open.times, open.lines));
    open = null;
  };
  for (let from = 0; from <= text.length;) {
    const newline = text.indexOf('\n', from);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(from, end);
    from = end + 1;
    const times = timesOf(line);
    if (times !== null) {
      // Without a blank line before it, the number of this cue stands at the end of the one before.
      const before = openLines(open);
      if (/^\d+$/.test(before?.at(-1)?.trim() ?? '')) before?.pop();
      close();
      open = { times, lines: [] };
    } else if (line.trim() === '') close();
    else openLines(open)?.push(line);
  }
  close();
  return cues;
}

function openLines(open: { readonly lines: string[] } | null): string[] | null {
  return open?.lines ?? null;
}

function timesOf(line: string): readonly [start: number, end: number] | null {
  if (!line.includes('-->')) return null;
  const match = TIMING.exec(line.slice(0, 200));
  return match === null ? null : [milliseconds(match.slice(1, 5)), milliseconds(match.slice(5, 9))];
}

function milliseconds([hours = '0', minutes = '0', seconds = '0', fraction = '0']: readonly (
  | string
  | undefined
)[]): number {
  return (
    ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, '0'))
  );
}

function toCue([startMs, endMs]: readonly [number, number], lines: readonly string[]): Cue {
  const raw = lines.join(' ');
  const voice = /<v(?:\.[^\s>]*)?\s+([^>]{1,100})>/.exec(raw)?.[1]?.trim() ?? null;
  const text = raw
    .replaceAll(/<[^>]{0,200}>|\{\\[^}]{0,200}\}/g, '')
    .replaceAll(/&(\w{1,6});/g, (entity, name: string) => ENTITIES[name] ?? entity)
    .replaceAll(/\s+/g, ' ')
    .trim();
  return { startMs, endMs, speaker: voice, text };
}
