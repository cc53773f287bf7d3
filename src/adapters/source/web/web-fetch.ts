/** What is asked of a web server. */
export interface WebRequest {
  readonly url: string;
  /** Of the body, as sent and unpacked. */
  readonly maxBytes: number;
  /** What the last answer said of itself: an unchanged page then costs no body. */
  readonly validators?: Validators;
  /** False takes any content type; else pictures, sound, video and fonts are refused by their headers. */
  readonly isDocument: boolean;
}

/** Headers `ETag` and `Last-Modified` of an answer (RFC 9110, section 8.8). */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export type WebAnswer =
  | {
      readonly kind: 'fetched';
      /** Where it came from in the end, after redirects. */
      readonly url: string;
      readonly bytes: Uint8Array;
      /** Without parameters, in lower case; null when the server named none. */
      readonly mediaType: string | null;
      readonly validators: Validators;
    }
  | { readonly kind: 'unchanged'; readonly url: string }
  | {
      readonly kind: 'refused';
      readonly url: string;
      readonly status: number;
      /** When the server wants to be asked again. */
      readonly retryAfterMs: number | null;
    };

/**
 * Fetches with GET, guarded against addresses that this server must not reach for others, and bounded in every way.
 * @throws HoldfastError `url_invalid`, `url_forbidden`, `url_unreachable`, `url_timeout`, `url_redirects`,
 * `url_content_type`, `url_too_large`, `url_malformed`. A status from 400 on is an answer, not an error.
 */
export type WebFetch = (request: WebRequest, signal: AbortSignal) => Promise<WebAnswer>;
