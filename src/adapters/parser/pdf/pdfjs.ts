import { HoldfastError } from '../../../core/errors.ts';
import type { PdfItem } from './page-lines.ts';

/** A PDF whose pages can be read. */
export interface OpenedPdf extends AsyncDisposable {
  readonly pageCount: number;
  readonly title: string | null;
  readonly author: string | null;
  readonly language: string | null;
  /** Pieces of text of a page, from 1, in the order in which they are drawn. */
  items(page: number): Promise<readonly PdfItem[]>;
}

/** Messages of the library for what it works around by itself. */
const ERRORS_ONLY = 0;

/**
 * Opens a PDF with Mozilla's pdf.js, which neither draws nor runs anything here: no fonts, no scripts, no network.
 * @throws HoldfastError `document_encrypted`, `document_malformed`.
 */
export async function openPdf(bytes: Uint8Array, name: string): Promise<OpenedPdf> {
  // Loaded when the first PDF comes: it costs a quarter of a second.
  const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs');
  // The library takes the bytes away from whoever gave them.
  const data = new Uint8Array(bytes);
  const task = pdfjs.getDocument({
    data,
    verbosity: ERRORS_ONLY,
    disableFontFace: true,
    useSystemFonts: false,
    useWorkerFetch: false,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    stopAtErrors: false,
    enableXfa: false,
    fontExtraProperties: false,
  });
  try {
    const document = await task.promise;
    const { info } = await document.getMetadata();
    const facts = info as Readonly<Record<string, unknown>>;
    return {
      pageCount: document.numPages,
      title: textOf(facts['Title']),
      author: textOf(facts['Author']),
      language: /^[a-z]{2}\b/i.exec(textOf(facts['Language']) ?? '')?.[0].toLowerCase() ?? null,
      async items(number) {
        try {
          const page = await document.getPage(number);
          const { items } = await page.getTextContent({
            includeMarkedContent: false,
            disableNormalization: false,
          });
          page.cleanup();
          return items.flatMap((item) => ('str' in item ? [item] : []));
        } catch (error) {
          throw damaged(error, `${name}, page ${number}`);
        }
      },
      [Symbol.asyncDispose]: async () => task.destroy(),
    };
  } catch (error) {
    await task.destroy();
    throw damaged(error, name);
  }
}

function textOf(value: unknown): string | null {
  const text = typeof value === 'string' ? value.replaceAll('\0', '').trim() : '';
  return text === '' ? null : text;
}

function damaged(error: unknown, place: string): HoldfastError {
  if (error instanceof Error && error.name === 'PasswordException')
    return new HoldfastError('document_encrypted', `${place} is protected by a password`);
  const reason = error instanceof Error ? error.message : String(error);
  return new HoldfastError('document_malformed', `${place} is no whole PDF: ${reason}`, { cause: error });
}
