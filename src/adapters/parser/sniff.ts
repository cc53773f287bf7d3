import type { Format } from '../../core/documents/document.ts';
import { interpreterOf } from './code.ts';
import { looksTextual } from './decode.ts';
import { isTar } from './tar-entries.ts';

/** Formats that their bytes tell, whatever they are called. */
export const PACKED: ReadonlySet<Format> = new Set<Format>(['zip', 'tar', 'gzip']);

/** Documents that are ZIP archives: what stands in their first bytes, or anywhere in the directory at the end. */
const ZIPPED: readonly (readonly [string, Format])[] = [
  ['mimetypeapplication/epub+zip', 'epub'],
  ['mimetypeapplication/vnd.oasis.opendocument.', 'opendocument'],
  ['word/document.xml', 'docx'],
  ['ppt/presentation.xml', 'pptx'],
  ['xl/workbook.xml', 'xlsx'],
];
const DIRECTORY_BYTES = 65_536;

/** The format of a document that is no text, by its bytes alone, or null. */
export function binaryFormat(bytes: Uint8Array): Format | null {
  const latin1 = new TextDecoder('latin1');
  const start = latin1.decode(bytes.subarray(0, 1024));
  if (start.startsWith('{\\rtf')) return 'rtf';
  // Some programs put a line before it.
  if (start.includes('%PDF-')) return 'pdf';
  if (!start.startsWith('PK\x03\x04')) return null;
  const end = latin1.decode(bytes.subarray(Math.max(0, bytes.length - DIRECTORY_BYTES)));
  return ZIPPED.find(([mark]) => start.includes(mark) || end.includes(mark))?.[1] ?? null;
}

/** Office documents, books and programs are ZIP archives as well, but not folders of documents. */
const ZIP_OF_ONE_DOCUMENT =
  /\[Content_Types\]\.xml|_rels\/\.rels|mimetypeapplication\/|META-INF\/|AndroidManifest\.xml/;

/** The archive that starts with these bytes, or null. */
export function packedFormat(head: Uint8Array): Format | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  const text = new TextDecoder('latin1').decode(head);
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06'))
    return ZIP_OF_ONE_DOCUMENT.test(text) ? null : 'zip';
  return isTar(head) ? 'tar' : null;
}

const MAIL_HEADER =
  /^(?:received|return-path|delivered-to|from|to|subject|date|message-id|mime-version|content-type):/gim;

/** The format of a text that starts with these bytes, or null when they are no text. */
export function textualFormat(head: Uint8Array): Format | null {
  if (head.length === 0 || !looksTextual(head)) return null;
  const start = new TextDecoder('latin1').decode(head.subarray(0, 512)).replaceAll('\0', '');
  if (interpreterOf(start) !== null) return 'code';
  if (/^(?:ï»¿|ÿþ|þÿ)?WEBVTT\b/.test(start)) return 'subtitles';
  if (/^From \S[^\n]*\n[\w-]+:/.test(start)) return 'mbox';
  if (/^[\w-]{2,40}:/.test(start) && (start.match(MAIL_HEADER)?.length ?? 0) >= 3) return 'email';
  return /^[^<]{0,16}\s*(?:<!--[^]*?-->\s*)*<(?:!doctype html|html)\b/i.test(start) ? 'html' : 'text';
}
