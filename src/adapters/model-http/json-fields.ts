/** A field of a parsed answer; undefined when the answer is no object or lacks it. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The texts of a field of each element: `textsOf(body.models, 'name')`. */
export function textsOf(list: unknown, name: string): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list.map((one) => field(one, name)).filter((text) => typeof text === 'string');
}
