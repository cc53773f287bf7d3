import type { Catalog } from '../documents/catalog.ts';
import type { DocumentRecord } from '../documents/document.ts';
import type { Documents, Submission } from '../documents/library.ts';
import type { Scope } from '../documents/ids.ts';
import { HoldfastError } from '../errors.ts';
import { sha256Hex } from '../../lib/hash.ts';
import type { Prepare } from './ingest-folder.ts';
import type { PrepareInput } from './prepare.ts';
import type { RecipeOf } from './recipe.ts';
import type { WriteItems } from './write-items.ts';

export interface SubmitDependencies {
  readonly catalog: Pick<Catalog, 'getCollection' | 'knownItems' | 'getDocument'>;
  readonly prepare: Prepare;
  readonly writeItems: WriteItems;
  readonly recipeOf: RecipeOf;
  readonly maxDocumentBytes: number;
}

/** Takes a document over an API: durable and searchable, or stored as failed, when it resolves. */
export function createSubmit(dependencies: SubmitDependencies): Documents['submit'] {
  return async (scope, submission, signal) => {
    const collection = await dependencies.catalog.getCollection(scope);
    if (collection === null)
      throw new HoldfastError('collection_not_found', `there is no collection "${scope.collection}"`);
    checkSize(submission, dependencies.maxDocumentBytes);
    const item = itemKey(submission);
    const input: PrepareInput = {
      ...submission,
      scope,
      item,
      fallbackUri: null,
      language: collection.settings.language,
      ...dependencies.recipeOf(collection),
    };
    const prepared = await dependencies.prepare(input, signal);
    await dependencies.writeItems(collection, {
      items: [{ origin: 'api', input, prepared }],
      problems: [],
      deletions: [],
    });
    return writtenRecords(scope, item, dependencies);
  };
}

function checkSize({ bytes, name }: Submission, maxBytes: number): void {
  if (bytes.length <= maxBytes) return;
  throw new HoldfastError(
    'document_too_large',
    `${name} has ${bytes.length} bytes; at most ${maxBytes} are taken`,
  );
}

/** The given key; else the uri, the file name, or the content itself. Well-formed, as the catalog stores it. */
function itemKey({ key, uri, name, bytes }: Submission): string {
  return (key ?? uri ?? (name === '' ? sha256Hex(bytes).slice(0, 32) : name)).toWellFormed();
}

async function writtenRecords(
  scope: Scope,
  item: string,
  { catalog }: Pick<SubmitDependencies, 'catalog'>,
): Promise<DocumentRecord[]> {
  const known = (await catalog.knownItems(scope, 'api', item)).find((one) => one.item === item);
  const records = await Promise.all(
    (known?.documents ?? []).map(async ({ id }) => catalog.getDocument(scope, id)),
  );
  return records.filter((record) => record !== null);
}
