import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLevel } from '../lib/logger.ts';
import { createLogger } from './logger.ts';

const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5), monotonic: () => 0 };

function logger(format: 'json' | 'text', level: LogLevel = 'debug') {
  const lines: string[] = [];
  return { lines, log: createLogger({ level, format, clock, write: (line) => lines.push(line) }) };
}

test('writes one JSON object per line', () => {
  const { lines, log } = logger('json');
  log.info('server_started', { port: 8600 });
  assert.equal(lines.length, 1);
  assert.ok(lines[0]?.endsWith('}\n'));
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    time: '2026-01-02T03:04:05.000Z',
    level: 'info',
    event: 'server_started',
    port: 8600,
  });
});

test('writes readable text with quoted values where needed', () => {
  const { lines, log } = logger('text');
  log.warn('file_failed', { item: 'a b.md', code: 'document_empty', missing: undefined, tries: [1, 2] });
  assert.deepEqual(lines, ['03:04:05 warn  file_failed item="a b.md" code=document_empty tries=[1,2]\n']);
});

test('leaves out what is below its level', () => {
  const { lines, log } = logger('text', 'warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  assert.deepEqual(
    lines.map((line) => line.trim().split(' ').at(-1)),
    ['c', 'd'],
  );
});

test('writes an error with its code and cause', () => {
  const { lines, log } = logger('json');
  const cause = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  log.error('write_failed', { error: new Error('cannot write', { cause }) });
  const line: unknown = JSON.parse(lines[0] ?? '');
  assert.partialDeepStrictEqual(line, {
    error: { message: 'cannot write', cause: { code: 'ENOSPC', message: 'no space left' } },
  });
});

test('survives values that JSON cannot hold', () => {
  const { lines, log } = logger('json');
  const circle: Record<string, unknown> = { big: 10n };
  log.info('big', { value: 10n });
  circle['self'] = circle;
  log.info('circle', circle);
  assert.match(lines[0] ?? '', /"value":"10"/);
  assert.match(lines[1] ?? '', /unloggable/);
});
