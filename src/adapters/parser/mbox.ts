import type { ParsedDocument } from '../../core/documents/document.ts';
import type { FileInput, FileParser, ParseResult, RecordProblem } from '../../core/documents/parser.ts';
import { joinKeys } from '../../core/documents/record-key.ts';
import { nestingWithin } from '../../core/documents/unpack-budget.ts';
import { HoldfastError, toHoldfastError } from '../../core/errors.ts';
import type { ParseChild } from './children.ts';
import { parseEmail } from './email.ts';

/** A mailbox file: a document of every message, named by its Message-ID, and of every attachment. */
export function mboxParser(parseChild: ParseChild): FileParser {
  return {
    format: 'mbox',
    extensions: ['mbox', 'mbx'],
    mediaTypes: ['application/mbox'],
    parseFile: async (input) => parseMailbox(input, parseChild),
  };
}

async function parseMailbox(input: FileInput, parseChild: ParseChild): Promise<ParseResult> {
  const { bytes, name } = input;
  const nesting = nestingWithin(name, input.nesting);
  const documents: ParsedDocument[] = [];
  const problems: RecordProblem[] = [];
  const seen = new Set<string>();
  let number = 0;
  for (const message of messages(bytes)) {
    number++;
    nesting.budget.takeEntry(name);
    try {
      const parsed = await parseEmail(
        { bytes: message, name: `message ${number} of ${name}`, nesting },
        parseChild,
      );
      const key = keyOf(parsed, number, seen);
      for (const one of parsed.documents) documents.push({ ...one, recordKey: joinKeys(key, one.recordKey) });
      for (const one of parsed.problems) problems.push({ ...one, recordKey: joinKeys(key, one.recordKey) });
    } catch (error) {
      const { code, message: reason } = toHoldfastError(error);
      problems.push({
        recordKey: `${number}`,
        code: code === 'internal_error' ? 'document_malformed' : code,
        reason,
      });
    }
  }
  if (number === 0)
    throw new HoldfastError('document_malformed', `${name} is no mailbox: no line starts with "From "`);
  return { documents, problems };
}

/** The Message-ID, which stays when the mailbox is sorted or shrinks; else the place. */
function keyOf({ documents }: ParseResult, number: number, seen: Set<string>): string {
  const id = documents.find(({ recordKey }) => recordKey === null)?.metadata['message_id'];
  const given = typeof id === 'string' ? id.replaceAll(/^<|>$/g, '') : '';
  const key = given === '' || seen.has(given) ? `${number}` : given;
  seen.add(key);
  return key;
}

const NEWLINE = 10;

/** The messages between lines that start with `From `, after a blank line; `>From ` in a text is `From `. */
function* messages(bytes: Uint8Array): Generator<Uint8Array> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bodyOf = (start: number, end: number): Uint8Array => {
    const line = file.indexOf(NEWLINE, start);
    return unquoted(file.subarray(line < 0 || line >= end ? end : line + 1, end));
  };
  let start = isSeparator(file, 0) ? 0 : -1;
  for (
    let at = file.indexOf('\nFrom ', 0, 'latin1');
    at >= 0;
    at = file.indexOf('\nFrom ', at + 1, 'latin1')
  ) {
    if (!isSeparator(file, at + 1)) continue;
    if (start >= 0) yield bodyOf(start, at + 1);
    start = at + 1;
  }
  if (start >= 0) yield bodyOf(start, file.length);
}

/** `From sender date`, at the start or below a blank line: a sentence that begins with "From" is neither. */
function isSeparator(file: Buffer, at: number): boolean {
  const line = file.toString('latin1', at, Math.min(file.length, at + 300)).split('\n', 1)[0] ?? '';
  if (!/^From \S.*\d{2}:\d{2}|^From \S+\s*$/.test(line)) return false;
  return at === 0 || /(?:^|\n)\r?\n$/.test(file.toString('latin1', Math.max(0, at - 3), at));
}

function unquoted(message: Buffer): Uint8Array {
  if (!message.includes('\n>From ')) return message;
  return Buffer.from(message.toString('latin1').replaceAll(/\n>(>*From )/g, '\n$1'), 'latin1');
}
