import type { Format } from '../../core/documents/document.ts';

/** No type that a browser would run; the charset of an original is not known. */
const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  markdown: 'text/markdown',
  mdx: 'text/plain',
  text: 'text/plain',
  html: 'text/plain',
  rst: 'text/plain',
  asciidoc: 'text/plain',
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  yaml: 'text/plain',
  csv: 'text/csv',
  code: 'text/plain',
  notebook: 'application/json',
  subtitles: 'text/plain',
  email: 'text/plain',
  mbox: 'text/plain',
  zip: 'application/zip',
  tar: 'application/x-tar',
  gzip: 'application/gzip',
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  opendocument: 'application/octet-stream',
  epub: 'application/epub+zip',
  tika: 'application/octet-stream',
  rtf: 'application/rtf',
};

/** The content type that an original is served with. */
export function safeMediaType(format: Format | null): string {
  return format === null ? 'application/octet-stream' : MEDIA_TYPES[format];
}

/** `attachment` with the base name of the item, in the two forms of RFC 6266. */
export function contentDisposition(item: string): string {
  const name = (item.split(/[\\/]/).at(-1) || 'document').toWellFormed().slice(0, 255);
  const plain = name.replaceAll(/[^A-Za-z0-9 ._()-]/g, '_');
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
