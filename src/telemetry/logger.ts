import { isoTime, systemClock, type Clock } from '../lib/clock.ts';
import { terminalJson } from '../lib/terminal-text.ts';
import { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from '../lib/logger.ts';

export interface LoggerOptions {
  /** The least important level that is written. */
  readonly level: LogLevel;
  /** `auto`: text when standard error is a terminal, JSON otherwise. */
  readonly format: 'auto' | 'json' | 'text';
  /** Receives whole lines with their line end; standard error unless given. */
  readonly write?: (line: string) => void;
  readonly clock?: Clock;
}

type Line = { readonly level: LogLevel; readonly event: string; readonly fields: LogFields };

/** The one logger of the process: one line per event, JSON for machines or text for a terminal. */
export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const clock = options.clock ?? systemClock;
  const isText = options.format === 'text' || (options.format === 'auto' && process.stderr.isTTY === true);
  const format = isText ? textLine : jsonLine;
  const least = LOG_LEVELS.indexOf(options.level);
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) < least) return;
      write(terminalJson(format(isoTime(clock), { level, event, fields })));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function jsonLine(time: string, { level, event, fields }: Line): string {
  return `${stringify({ ...fields, time, level, event })}\n`;
}

function textLine(time: string, { level, event, fields }: Line): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${textValue(value)}`);
  return `${time.slice(11, 19)} ${level.padEnd(5)} ${event}${pairs.join('')}\n`;
}

function textValue(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@%+-]+$/.test(value) ? value : JSON.stringify(value);
  if (value instanceof Error) return JSON.stringify(value.stack ?? value.message);
  return stringify(value);
}

/** JSON of anything: errors with their cause, big integers as text; what JSON can't hold is named, never thrown. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value, plainValue) ?? String(value);
  } catch (error) {
    return JSON.stringify({ unloggable: error instanceof Error ? error.message : String(error) });
  }
}

function plainValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    message: value.message,
    ...('code' in value ? { code: value.code } : {}),
    stack: value.stack,
    ...(value.cause === undefined ? {} : { cause: value.cause }),
  };
}
