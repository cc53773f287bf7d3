/** What is read of an answer, whoever has called. */
export interface HttpAnswer {
  readonly status: number;
  /** By its name in lower case; null when it is missing. */
  readonly header: HeaderReader;
  /** Leaving the loop closes the connection. Null when there is none. */
  readonly body: AsyncIterable<Uint8Array> | null;
}

export type HeaderReader = (name: string) => string | null;

/** An answer that `fetch` got. */
export function fetchedAnswer({ status, headers, body }: Response): HttpAnswer {
  return { status, header: (name) => headers.get(name), body };
}

/** Status 2xx. */
export function isSuccess({ status }: Pick<HttpAnswer, 'status'>): boolean {
  return status >= 200 && status < 300;
}
