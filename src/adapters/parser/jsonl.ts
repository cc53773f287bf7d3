import type { Parser, RecordProblem } from '../../core/documents/parser.ts';
import { parseRecords, type RecordPlace } from './records.ts';

/** One record on each line; a broken line is a problem of its own. Without an id a record's key is its line number. */
export const jsonlParser: Parser = {
  format: 'jsonl',
  extensions: ['jsonl', 'ndjson'],
  mediaTypes: ['application/jsonl', 'application/x-ndjson', 'application/x-jsonlines', 'application/ndjson'],
  parse({ text }) {
    const broken: RecordProblem[] = [];
    const { documents, problems } = parseRecords(readLines(text, broken));
    return { documents, problems: [...broken, ...problems] };
  },
};

function* readLines(text: string, broken: RecordProblem[]): Generator<RecordPlace> {
  let index = 0;
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf('\n', from);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(from, end).trim();
    from = end + 1;
    index++;
    if (line === '') continue;
    const parsed = parseLine(line);
    if ('value' in parsed) yield { value: parsed.value, index };
    else
      broken.push({
        recordKey: `${index}`,
        code: 'document_malformed',
        reason: `line ${index}: ${parsed.reason}`,
      });
  }
}

function parseLine(line: string): { readonly value: unknown } | { readonly reason: string } {
  try {
    return { value: JSON.parse(line) };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
