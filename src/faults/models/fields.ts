import { isFields } from '../names.ts';

/** The fields of a JSON body; none for anything else. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return isFields(body) ? body : {};
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Infinity when it is no number from zero up. */
export function limitOf(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : Number.POSITIVE_INFINITY;
}

/** The text of a message: a string, or the text parts of a list. */
export function contentOf(content: unknown): string {
  if (!Array.isArray(content)) return textOf(content);
  return content.map((part: unknown) => textOf(fieldsOf(part)['text'])).join('');
}

/** Nanoseconds as Ollama counts them, at least 1: a time of zero is left out by Ollama. */
export function nanoseconds(timeMs: number): number {
  return Math.max(1, Math.round(timeMs * 1e6));
}
