import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { HoldfastError } from '../../core/errors.ts';

/** JSON in valid UTF-8 is the only body that routes take unless they say otherwise; an empty body is no body. */
export function registerJsonBody(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    if (!isUtf8(body)) return done(new HoldfastError('invalid_json', 'The body is not valid UTF-8'));
    const text = body.toString('utf8');
    return parseJson(request, text, (error, value) => done(error === null ? null : notJson(text), value));
  });
}

function notJson(text: string): HoldfastError {
  try {
    JSON.parse(text);
    return new HoldfastError(
      'invalid_json',
      'The keys `__proto__` and `constructor.prototype` are not allowed',
    );
  } catch (error) {
    return new HoldfastError('invalid_json', error instanceof Error ? error.message : String(error));
  }
}
