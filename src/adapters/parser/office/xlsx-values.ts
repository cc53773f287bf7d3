import { readXml } from './read-xml.ts';

/** Whether the numbers of a style are dates, by the number of the style. */
export type CellStyles = readonly ('number' | 'date' | 'time' | 'date_time' | 'percent')[];

export interface CellContext {
  /** `t` of the cell: `s` shared text, `b` true or false, `e` error, `str`, `inlineStr`; empty for a number. */
  readonly type: string;
  readonly style: number;
  readonly strings: readonly string[];
  readonly styles: CellStyles;
}

/** What a person sees in the cell, as plain as can be: ISO dates, numbers without grouping. */
export function cellValue(value: string, { type, style, strings, styles }: CellContext): string {
  if (type === 's') return strings[Number(value)] ?? '';
  if (type === 'b') return value === '1' ? 'TRUE' : 'FALSE';
  if (type !== '' && type !== 'n') return value;
  const number = Number(value);
  if (!Number.isFinite(number)) return value;
  const kind = styles[style] ?? 'number';
  if (kind === 'percent') return `${plainNumber(number * 100)}%`;
  return kind === 'number' ? plainNumber(number) : dateText(number, kind);
}

/** Without the noise of binary fractions: 0.30000000000000004 is 0.3. */
function plainNumber(number: number): string {
  return String(Number(number.toPrecision(15)));
}

const DAY_MS = 86_400_000;
/** Day 0 of the calendar of 1900 as Excel counts from March of that year on. */
const EPOCH_MS = Date.UTC(1899, 11, 30);

function dateText(serial: number, kind: 'date' | 'time' | 'date_time'): string {
  const date = new Date(EPOCH_MS + Math.round(serial * DAY_MS));
  if (Number.isNaN(date.getTime())) return String(serial);
  const iso = date.toISOString();
  const time = iso.slice(11, iso.endsWith(':00.000Z') ? 16 : 19);
  if (kind === 'time') return time;
  return kind === 'date' ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${time}`;
}

/** Which styles show dates, times or percentages. */
export function readStyles(bytes: Uint8Array | null, place: string): CellStyles {
  if (bytes === null) return [];
  const formats = new Map<number, string>();
  const styles: CellStyles[number][] = [];
  let isCellFormats = false;
  readXml(bytes, place, {
    open: ({ name, attributes }) => {
      if (name === 'numFmt') formats.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '');
      else if (name === 'cellXfs') isCellFormats = true;
      else if (name === 'xf' && isCellFormats) {
        const id = Number(attributes['numFmtId'] ?? 0);
        styles.push(kindOf(id, formats.get(id)));
      }
    },
    close: (name) => {
      if (name === 'cellXfs') isCellFormats = false;
    },
  });
  return styles;
}

/** By the built-in numbers (ECMA-376, 18.8.30) or by the letters of the format. */
function kindOf(id: number, format: string | undefined): CellStyles[number] {
  if (format === undefined) return BUILT_IN.get(id) ?? 'number';
  const letters = format.replaceAll(/"[^"]*"|\[[^\]]*\]|\\./g, '').toLowerCase();
  const hasTime = /[hs]/.test(letters);
  if (/[yd]/.test(letters)) return hasTime ? 'date_time' : 'date';
  if (hasTime) return 'time';
  return letters.includes('%') ? 'percent' : 'number';
}

const BUILT_IN: ReadonlyMap<number, CellStyles[number]> = new Map([
  ...[14, 15, 16, 17].map((id) => [id, 'date'] as const),
  ...[18, 19, 20, 21, 45, 46, 47].map((id) => [id, 'time'] as const),
  [22, 'date_time'],
  [9, 'percent'],
  [10, 'percent'],
]);
