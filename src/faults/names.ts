type Fields = Readonly<Record<string, unknown>>;

/** `first_token_ms` -> `firstTokenMs`. */
export function camelCase(name: string): string {
  return name.replace(/[_-]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `firstTokenMs` -> `first_token_ms`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The same fields under their names in TypeScript; values are left alone. */
export function fromWire(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [camelCase(name), value]));
}

/** The same fields under their names in JSON; values are left alone. */
export function toWire(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [snakeCase(name), value]));
}

/** A text in which names of fields stand in quotes, with their names in JSON. */
export function inWireNames(text: string): string {
  return text.replace(/"[a-z]+[A-Z]\w*"/g, snakeCase);
}

/** An object of JSON, and nothing else. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
