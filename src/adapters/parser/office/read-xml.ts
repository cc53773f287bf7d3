import { SaxesParser } from 'saxes';
import { HoldfastError } from '../../../core/errors.ts';

/** An element that has begun. */
export interface XmlElement {
  /** Without its prefix: `p` for `w:p`. */
  readonly name: string;
  /** By the name as it is written; without its prefix where that is not taken yet. */
  readonly attributes: Readonly<Record<string, string>>;
  /** How many elements it stands in. */
  readonly depth: number;
}

/** Gets the events of a document in order. */
export interface XmlHandler {
  open?(element: XmlElement): void;
  text?(text: string): void;
  close?(name: string): void;
}

const MAX_DEPTH = 256;

/**
 * Reads XML as events, in constant memory beside the text. Documents with a DTD are refused: that is where entities
 * that grow or name files come from, and no office format has one.
 * @throws HoldfastError `document_malformed`.
 */
export function readXml(bytes: Uint8Array, place: string, handler: XmlHandler): void {
  const parser = new SaxesParser();
  let depth = 0;
  const refuse = (why: string): never => {
    throw new HoldfastError('document_malformed', `${place}: ${why}`);
  };
  parser.on('error', (error) => refuse(error.message));
  parser.on('doctype', () => refuse('it has a DTD, which is not read'));
  parser.on('opentag', ({ name, attributes }) => {
    if (depth >= MAX_DEPTH) refuse(`elements stand more than ${MAX_DEPTH} deep in each other`);
    handler.open?.({ name: localName(name), attributes: plainAttributes(attributes), depth: depth++ });
  });
  parser.on('text', (text) => handler.text?.(text));
  parser.on('cdata', (text) => handler.text?.(text));
  parser.on('closetag', ({ name }) => {
    depth--;
    handler.close?.(localName(name));
  });
  parser.write(new TextDecoder(encodingOf(bytes)).decode(bytes)).close();
}

/** Office files are UTF-8, or UTF-16 with a mark. */
function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function plainAttributes(attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const plain: Record<string, string> = { ...attributes };
  for (const [name, value] of Object.entries(attributes)) plain[localName(name)] ??= value;
  return plain;
}
