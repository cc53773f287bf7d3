/** Facts of one log line, beside its message. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Where the edge writes what happened: one structured line per call, never on stdout. */
export interface HttpLogger {
  info(message: string, fields: LogFields): void;
  warn(message: string, fields: LogFields): void;
  error(message: string, fields: LogFields): void;
}
