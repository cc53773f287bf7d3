import { HoldfastError } from '../core/errors.ts';
import type { Extraction, Extractor } from '../core/ingest/extractor.ts';
import type { DocumentTask } from '../core/ingest/job.ts';
import type { PrepareInput, PreparedItem } from '../core/ingest/prepare.ts';

/** Tries of a file while the extractor does not answer: over two minutes, and then someone has to look at it. */
const MAX_TRIES = 12;
/** Tries of a file that the extractor takes too long for. */
const MAX_SLOW_TRIES = 3;

/** Whether no built-in parser takes it. What stands in an archive is not asked about. */
export function isForExtractor({ format, documents, problems }: PreparedItem): boolean {
  return format === null && documents.length === 0 && problems[0]?.code === 'document_unsupported';
}

/**
 * What the extractor makes of a file, or what is wrong with it. @throws HoldfastError `extractor_unavailable` and
 * `extractor_busy` when another try may help.
 */
export async function extractionOf(
  { input, tries }: { readonly input: PrepareInput } & Pick<DocumentTask, 'tries'>,
  extractor: Extractor,
  signal: AbortSignal,
): Promise<Extraction | HoldfastError> {
  try {
    return await extractor.extract(input, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HoldfastError)) throw error;
    const { code, message } = error;
    if (code === 'document_timeout' && tries < MAX_SLOW_TRIES)
      throw new HoldfastError('extractor_unavailable', message, { cause: error });
    if (code === 'extractor_busy' || (code === 'extractor_unavailable' && tries < MAX_TRIES)) throw error;
    return error;
  }
}
