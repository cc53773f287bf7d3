/** Every error code that Holdfast shows, with a short title and what to do about it. */
export const ERRORS = {
  // requests
  invalid_request: ['The request is not valid', 'Correct the named field and send the request again.'],
  invalid_json: ['The body is not valid JSON', 'Send one JSON document in UTF-8.'],
  invalid_query: ['The query is not valid', 'Send a query of 1 to 4,000 characters.'],
  invalid_filter: [
    'The filter is not valid',
    'Use {"field": value}, {"field": {"any": [...]}}, {"field": {"gte": n, "lt": n}} or {"field": {"prefix": "a/b/"}}.',
  ],
  invalid_cursor: ['The cursor is not valid', 'Use the next_cursor of the previous page, or leave it out.'],
  unsupported_media_type: [
    'The content type is not supported',
    'Send application/json, or multipart/form-data for uploads.',
  ],
  body_too_large: ['The body is too large', 'Send less at once, or raise HOLDFAST_MAX_BODY_BYTES.'],
  headers_too_large: ['The request line and headers are too large', 'Send fewer and shorter headers.'],
  request_timeout: ['The request took too long to arrive', 'Send the whole request sooner.'],
  url_too_long: ['The URL is too long', 'Send the query in the body of POST /api/v1/rag/query.'],
  route_not_found: ['There is no such route', 'See /openapi.json for the routes.'],
  method_not_allowed: ['The route does not know this method', 'See /openapi.json for the methods.'],
  host_not_allowed: [
    'The Host header is not allowed',
    'Address the server as localhost or by the address it listens on.',
  ],
  forbidden: ['The request is not allowed', 'Ask whoever runs this server.'],
  deadline_exceeded: ['The deadline of the request has passed', 'Ask again, or allow more time.'],
  overloaded: ['The server has more to do than it can', 'Retry after the seconds that Retry-After names.'],
  shutting_down: ['The server is shutting down', 'Retry in a few seconds.'],
  internal_error: [
    'Something went wrong inside Holdfast',
    'Report it with the request id; the log has the details.',
  ],
  // things
  collection_not_found: ['There is no such collection', 'List the collections, or create this one first.'],
  collection_exists: ['The collection exists already', 'Use it, or delete it first.'],
  document_not_found: ['There is no such document', 'List the documents of the collection.'],
  breaker_not_found: ['There is no such circuit breaker', 'List them with GET /api/v1/rag/breakers.'],
  breaker_disabled: [
    'The circuit breaker is not in use',
    'Its dependency is not configured, so there is nothing to hold.',
  ],
  upload_too_large: [
    'The upload is too large',
    'Send less at once, or raise the setting that the detail names.',
  ],
  upload_not_found: ['There is no such upload', 'Send the content with PATCH /api/v1/rag/uploads/{hash}.'],
  upload_incomplete: ['The upload is not complete', 'Go on with it from the offset that GET names.'],
  upload_offset_mismatch: [
    'The upload goes on elsewhere',
    'Go on from the offset that the header Upload-Offset names.',
  ],
  upload_hash_mismatch: [
    'The upload is not what its hash says',
    'Send it again from the start, under the SHA-256 of its bytes.',
  ],
  job_not_found: ['There is no such job', 'List the jobs; those that ended long ago are forgotten.'],
  job_cancelled: ['The job was cancelled', 'Ingest again, or retry the document.'],
  sync_deletes_too_much: [
    'The sync would delete more than 30 % of the documents of its source',
    'Check that the source is complete and mounted; if the deletion is meant, run it again with --force ("force": true).',
  ],
  // generations
  generation_not_found: ['There is no such generation', 'Check the number, or list the generations.'],
  generation_exists: ['Another generation of the collection is being made', 'Activate or delete it first.'],
  generation_serves: ['The generation serves', 'Activate another one first.'],
  generation_not_ready: [
    'The generation cannot serve yet',
    'Wait until its state is ready and it lacks no document, or delete it.',
  ],
  generation_does_not_fit: [
    'There is no room for another generation',
    'Free disk space or raise HOLDFAST_INDEX_MEMORY_BYTES, or take larger passages.',
  ],
  embedder_not_configured: [
    'The server has no such embedding model',
    'Name one that it has, or set HOLDFAST_EMBEDDER and HOLDFAST_EMBEDDING_MODEL (for static: HOLDFAST_STATIC_VECTORS=on), restart, and ask again.',
  ],
  // storage
  storage_full: ['The disk is full', 'Free disk space and repeat the write; reads go on.'],
  storage_failed: ['The storage failed', 'Check the disk and the log, then repeat the request.'],
  data_folder_unusable: [
    'The data folder cannot be used',
    'Choose a folder that this user can write with HOLDFAST_DATA_DIR or --data.',
  ],
  data_folder_locked: [
    'Another process has the data folder',
    'Talk to that process, stop it, or use another data folder.',
  ],
  data_folder_too_new: ['The data folder belongs to a newer Holdfast', 'Run the newer version.'],
  encoder_mismatch: [
    'The embedding model returns other vectors than before',
    'Set the model back to the dimensions that the collection has, or give the changed model a name of its own.',
  ],
  // start
  invalid_configuration: ['The configuration is not valid', 'Correct every listed setting.'],
  invalid_usage: ['The command was not understood', 'See holdfast --help.'],
  port_in_use: ['The port is taken', 'Stop the other process or choose another port with --port.'],
  server_unreachable: ['The server does not answer', 'Check that it runs and the address is right.'],
  path_not_found: ['There is no such file or folder', 'Check the path.'],
  evaluation_set_invalid: [
    'The evaluation set cannot be read',
    'Give a folder with corpus.jsonl(.gz), queries.jsonl and qrels.tsv.',
  ],
  // states of documents
  document_empty: ['The document holds no text', 'Remove it, or fill it.'],
  document_unreadable: ['The file cannot be read', 'Check its permissions.'],
  document_vanished: ['The file went away while it was read', 'Ingest again.'],
  document_changing: ['The file changes while it is read', 'Ingest again when nobody writes to it.'],
  document_binary: ['The file is binary, not text', 'Convert it to text, or exclude it.'],
  document_too_large: ['The document is too large', 'Split it, or raise HOLDFAST_MAX_DOCUMENT_BYTES.'],
  document_malformed: ['The document cannot be parsed', 'Correct the named place.'],
  no_text: ['The document holds pictures, no text', 'Run text recognition (OCR) over it first.'],
  document_unsupported: ['The format is not supported', 'Convert it to a supported format, or exclude it.'],
  document_unpack_limit: [
    'The file unpacks to more than is allowed',
    'Unpack it yourself, and ingest the parts that are documents.',
  ],
  document_encrypted: ['The file is protected with a password', 'Remove the password, and ingest it again.'],
  document_timeout: ['Parsing took too long', 'Split the document, or report it.'],
  document_crashes: [
    'Processing the document ends its process',
    'The other documents go on. Split or convert it, then retry it, and report it.',
  ],
  extractor_unavailable: [
    'The server that reads this format does not answer',
    'Check that the Tika server of HOLDFAST_TIKA_URL runs, then retry the document.',
  ],
  extractor_busy: [
    'The server that reads this format has more to do than it can',
    'Nothing: it is tried again by itself.',
  ],
  document_link_skipped: [
    'A symbolic link that leads in a circle or out of the folder',
    'Ingest its target directly.',
  ],
  // sources
  git_unreadable: [
    'The Git repository cannot be read',
    'Give the folder of a repository with a commit; the command git has to be installed.',
  ],
  url_invalid: [
    'The URL cannot be used',
    'Give a plain http or https URL, without user and password, and addresses in their usual form.',
  ],
  url_forbidden: [
    'The URL leads to where this server may not go',
    'Use a public address on port 80 or 443. Whoever runs this server can allow others with HOLDFAST_URL_ALLOW.',
  ],
  url_unreachable: ['The server of the URL cannot be reached', 'Check the address, and ingest again later.'],
  url_timeout: ['The URL took too long', 'Ingest again later, or download it and ingest the file.'],
  url_redirects: ['The URL redirects too often', 'Give the URL that the redirects lead to.'],
  url_status: ['The server of the URL refuses', 'Open the URL in a browser; correct or remove it.'],
  url_content_type: ['The URL is not a document', 'Give the URL of a document, or leave it out.'],
  url_too_large: ['The URL is too large', 'Download it, split it, and ingest the files.'],
  url_malformed: ['The answer of the server cannot be read', 'Tell whoever runs that server.'],
  url_out_of_scope: [
    'The sitemap names a page that it does not speak for',
    'Give the sitemap of that folder or host, or the URL of the page itself.',
  ],
  site_too_large: [
    'The site has more pages than are taken',
    'Raise the number of pages, or take a part of the site.',
  ],
  url_robots: ['The robots.txt of the site does not allow it', 'Ask whoever runs the site.'],
} as const satisfies Record<string, readonly [title: string, advice: string]>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorOptions {
  /** The error that caused this one. */
  readonly cause?: unknown;
  /** Single problems behind the error, one line each (fields of a request, settings at start). */
  readonly problems?: readonly Problem[];
}

export interface Problem {
  /** The field, setting or place. */
  readonly name: string;
  /** What is wrong with it, with the bad value. */
  readonly detail: string;
}

/** The one error class: a code of the table, and a message that names the thing and the bad value. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, detail: string, options: ErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
  }

  get title(): string {
    return ERRORS[this.code][0];
  }

  get advice(): string {
    return ERRORS[this.code][1];
  }
}

/** The error as it is, or wrapped as `internal_error` with the original as cause. */
export function toHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new HoldfastError('internal_error', text, { cause: error });
}
