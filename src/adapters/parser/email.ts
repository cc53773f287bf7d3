import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime';
import type { Block, Metadata, ParsedDocument } from '../../core/documents/document.ts';
import type { FileInput, FileParser, ParseResult } from '../../core/documents/parser.ts';
import { nestingWithin } from '../../core/documents/unpack-budget.ts';
import { HoldfastError } from '../../core/errors.ts';
import { BlockWriter } from './block-writer.ts';
import { parseChildren, type Child, type ParseChild } from './children.ts';
import { normaliseText } from './decode.ts';
import { languageCode } from './front-matter.ts';
import { parseHtml } from './html.ts';
import { joinTexts } from './join-texts.ts';
import { parseText } from './text.ts';

const MAX_PARTS_DEPTH = 32;
const MAX_HEADER_BYTES = 512 * 1024;
const MAX_FACT = 1000;

/** An e-mail: its headers and its text as one document, and a document of every attachment. */
export function emailParser(parseChild: ParseChild): FileParser {
  return {
    format: 'email',
    extensions: ['eml', 'mht', 'mhtml'],
    mediaTypes: ['message/rfc822'],
    parseFile: async (input) => parseEmail(input, parseChild),
  };
}

/** @throws HoldfastError `document_malformed`, `document_empty` when there is neither text nor attachment. */
export async function parseEmail(input: FileInput, parseChild: ParseChild): Promise<ParseResult> {
  const nesting = nestingWithin(input.name, input.nesting);
  const email = await readEmail(input);
  const message = messageDocument(email);
  const attached = await parseChildren(attachments(email.attachments), { parseChild, nesting });
  const documents = message.blocks.length > 0 ? [message, ...attached.documents] : attached.documents;
  if (documents.length === 0 && attached.problems.length === 0)
    throw new HoldfastError('document_empty', `${input.name} holds neither a text nor an attachment`);
  return { documents, problems: attached.problems };
}

async function readEmail({ bytes, name }: FileInput): Promise<Email> {
  try {
    return await PostalMime.parse(bytes, {
      forceRfc822Attachments: true,
      maxNestingDepth: MAX_PARTS_DEPTH,
      maxHeadersSize: MAX_HEADER_BYTES,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('document_malformed', `${name} cannot be read as an e-mail: ${reason}`, {
      cause,
    });
  }
}

function messageDocument(email: Email): ParsedDocument {
  const subject = oneLine(email.subject ?? '');
  const writer = new BlockWriter();
  if (subject !== '') writer.add('heading', subject, { level: 1 });
  writer.add('paragraph', headerLines(email).join('\n'));
  const body = bodyOf(email);
  const isEmpty = body.blocks.length === 0 && subject === '';
  const parts = isEmpty ? { text: '', blocks: [] } : joinTexts([writer.finish(), body]);
  const language = languageCode(email.headers.find(({ key }) => key === 'content-language')?.value);
  return { recordKey: null, title: subject || null, uri: null, ...parts, metadata: factsOf(email), language };
}

function headerLines({ from, to, cc, date }: Email): string[] {
  const lines = [
    ['From', addresses(from === undefined ? [] : [from])],
    ['To', addresses(to ?? [])],
    ['Cc', addresses(cc ?? [])],
    ['Date', date ?? ''],
  ];
  return lines.flatMap(([name, value = '']) => (value === '' ? [] : [`${name}: ${oneLine(value)}`]));
}

/** The plain text where there is one; quotes of earlier messages are quotes. */
function bodyOf({ text, html }: Email): Pick<ParsedDocument, 'text' | 'blocks'> {
  const plain = normaliseText(text ?? '');
  if (!/\S/.test(plain))
    return html === undefined ? { text: '', blocks: [] } : parseHtml(normaliseText(html));
  const blocks = parseText(plain, 'body.txt').blocks.map(({ start, end }): Block => {
    const kind = plain.charAt(start) === '>' ? 'quote' : 'paragraph';
    return { kind, level: 0, start, end };
  });
  return { text: plain, blocks };
}

function factsOf(email: Email): Metadata {
  const facts = {
    from: addresses(email.from === undefined ? [] : [email.from]),
    to: addresses(email.to ?? []),
    cc: addresses(email.cc ?? []),
    date: email.date ?? '',
    message_id: email.messageId ?? '',
    in_reply_to: email.inReplyTo ?? '',
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([key, value]) =>
      value === '' ? [] : [[key, oneLine(value).slice(0, MAX_FACT)]],
    ),
  );
}

function addresses(list: readonly Address[]): string {
  const mailboxes = list.flatMap((one) => one.group ?? [one]);
  return mailboxes
    .map(({ name, address }) =>
      name === '' || name === address ? (address ?? '') : `${name} <${address ?? ''}>`,
    )
    .filter((one) => one !== '')
    .join(', ');
}

function oneLine(text: string): string {
  return normaliseText(text).replaceAll(/\s+/g, ' ').trim();
}

function* attachments(list: readonly Attachment[]): Generator<Child> {
  for (const [at, { filename, mimeType, content, related }] of list.entries()) {
    // A picture within the text is not a document of its own.
    if (related === true && mimeType.startsWith('image/')) continue;
    // A name is no path: whatever looks like a folder in it is a part of it.
    const path =
      oneLine(filename ?? '').replaceAll(/[/\\]/g, '_') || `part-${at + 1}${extensionFor(mimeType)}`;
    const bytes = typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content);
    yield { path, mediaType: mimeType, read: () => bytes };
  }
}

function extensionFor(mimeType: string): string {
  return mimeType === 'message/rfc822' ? '.eml' : '';
}
