import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { tikaExtractor } from '../../src/adapters/extractor/tika.ts';
import { assertParsed } from '../../src/adapters/parser/assert-parsed.ts';
import { parseFile } from '../../src/adapters/parser/registry.ts';
import type { ParseResult } from '../../src/core/documents/parser.ts';
import type { HoldfastError } from '../../src/core/errors.ts';
import { ROOT } from '../documents/checkout.ts';

const NEVER = new AbortController().signal;

export async function fixture(name: string): Promise<Buffer> {
  return readFile(join(ROOT, 'test/fixtures/office', name));
}

/** What every server that claims to be Tika says on the wire, and what becomes of it. */
export function tikaContract(name: string, url: () => string): void {
  const extracted = async (bytes: Uint8Array, file: string): Promise<ParseResult> => {
    const { format, bytes: answer } = await tikaExtractor({ url: url() }).extract(
      { bytes, name: file },
      NEVER,
    );
    return parseFile(format, { bytes: answer, name: file });
  };

  const codeOf = async (bytes: Uint8Array, file: string): Promise<string> =>
    extracted(bytes, file).then(
      () => 'none',
      (error: HoldfastError) => error.code,
    );

  describe(`${name} speaks the wire format of Tika`, () => {
    test('GET /version names it', async () => {
      const response = await fetch(`${url()}/version`);
      assert.match(await response.text(), /^Apache Tika \d+\./);
    });

    test('PUT /rmeta/html gives a list of metadata with the content as HTML', async () => {
      const response = await fetch(`${url()}/rmeta/html`, {
        method: 'PUT',
        headers: { accept: 'application/json' },
        body: new Uint8Array(await fixture('report.rtf')),
      });
      assert.equal(response.status, 200);
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
      const [whole] = (await response.json()) as Record<string, unknown>[];
      assert.match(String(whole?.['Content-Type']), /rtf/);
      assert.match(String(whole?.['X-TIKA:content']), /<html[^]*<p[^>]*>[^<]*measured twice/);
    });

    test('a file becomes a document whose text is in order', async () => {
      const { documents, problems } = await extracted(await fixture('report.rtf'), 'report.rtf');
      assert.deepEqual(problems, []);
      const [document] = documents;
      assert.ok(document !== undefined);
      assertParsed(document);
      assert.match(document.text, /Field report[^]*measured twice/);
    });

    test('a file with a password, and one of no known kind, are told from documents', async () => {
      // Some versions tell a password apart by the status alone.
      assert.match(await codeOf(await fixture('locked.pdf'), 'a.pdf'), /^document_(encrypted|malformed)$/);
      assert.equal(await codeOf(Buffer.from([0, 1, 2, 3, 0, 255, 254]), 'a.bin'), 'document_unsupported');
    });
  });
}
