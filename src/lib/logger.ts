/** How much is logged; each level includes those after it. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Facts of an event. Names are snake_case with the unit (`elapsed_ms`); an `Error` is written with its cause. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one line per event. `event` is a constant such as `server_started`; what varies goes into the fields. */
export interface Logger {
  /** For whoever debugs Holdfast itself. */
  debug(event: string, fields?: LogFields): void;
  /** What an operator wants to know of a healthy service. */
  info(event: string, fields?: LogFields): void;
  /** Something is second best, the service goes on. */
  warn(event: string, fields?: LogFields): void;
  /** Something was lost or refused and somebody should look. */
  error(event: string, fields?: LogFields): void;
}
