import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, HoldfastError } from '../../core/errors.ts';
import { PROBLEM_MEDIA_TYPE, STATUS, toProblem } from './problem-details.ts';

/** Errors of node's parser, before there is a request. */
const CODES: Readonly<Record<string, readonly [code: ErrorCode, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [
    'headers_too_large',
    'The request line and headers are larger than this server allows',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request did not arrive in time'],
};

/** Answers what is not HTTP with problem details, written to the bare socket, and closes the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Socket, requestId: string): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const [code, detail] = CODES[error.code ?? ''] ?? ['invalid_request', 'The request is not valid HTTP/1.1'];
  const body = JSON.stringify(toProblem(new HoldfastError(code, detail), { id: requestId, url: '/' }));
  const head = [
    `HTTP/1.1 ${STATUS[code]} ${STATUS_CODES[STATUS[code]]}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
