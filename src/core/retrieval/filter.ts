import type { MetadataScalar } from '../documents/document.ts';

/**
 * Conditions on metadata; a document matches when every one holds. A field with several values matches
 * when one of them does. Comparisons are typed: the number 1 is not the text "1".
 */
export type Filter = Readonly<Record<string, FieldCondition>>;

export type FieldCondition =
  | { readonly kind: 'equals'; readonly value: MetadataScalar }
  | { readonly kind: 'any'; readonly values: readonly MetadataScalar[] }
  /** Numbers by value, texts by code unit order (ISO dates work). Missing bounds are open. */
  | {
      readonly kind: 'range';
      readonly gt?: number | string;
      readonly gte?: number | string;
      readonly lt?: number | string;
      readonly lte?: number | string;
    }
  /** Path prefix: `a/b` matches `a/b` and `a/b/c`, not `a/bc`; a prefix ending in `/` matches below it. */
  | { readonly kind: 'prefix'; readonly prefix: string };

/** True when the value fulfils the condition: the one definition that every index must agree with. */
export function matches(condition: FieldCondition, value: MetadataScalar): boolean {
  switch (condition.kind) {
    case 'equals':
      return value === condition.value;
    case 'any':
      return condition.values.includes(value);
    case 'range':
      return inRange(condition, value);
    case 'prefix':
      return typeof value === 'string' && hasPathPrefix(value, condition.prefix);
  }
}

function inRange(range: Extract<FieldCondition, { kind: 'range' }>, value: MetadataScalar): boolean {
  const holds = (bound: number | string | undefined, test: (order: number) => boolean): boolean => {
    if (bound === undefined) return true;
    if (typeof bound !== typeof value) return false;
    return test(value < bound ? -1 : value > bound ? 1 : 0);
  };
  return (
    holds(range.gt, (order) => order > 0) &&
    holds(range.gte, (order) => order >= 0) &&
    holds(range.lt, (order) => order < 0) &&
    holds(range.lte, (order) => order <= 0)
  );
}

function hasPathPrefix(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return (
    prefix === '' || prefix.endsWith('/') || path.length === prefix.length || path[prefix.length] === '/'
  );
}
