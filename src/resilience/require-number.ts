/** Bounds of a setting, both allowed. */
export interface NumberRange {
  readonly min: number;
  /** Default: any finite number. */
  readonly max?: number;
  /** Default false. */
  readonly isInteger?: boolean;
}

/** The value as it is. @throws RangeError with the name, the bounds and the value when it is outside of them. */
export function requireNumber(name: string, value: number, range: NumberRange): number {
  const { min, max = Number.MAX_VALUE, isInteger = false } = range;
  if (value >= min && value <= max && (!isInteger || Number.isInteger(value))) return value;
  const kind = isInteger ? 'an integer' : 'a number';
  const upTo = range.max === undefined ? '' : ` to ${max}`;
  throw new RangeError(`${name} must be ${kind} from ${min}${upTo}, got ${value}`);
}
