import type { CollectionSummary } from '../documents/collection.ts';
import { documentId, type Scope } from '../documents/ids.ts';
import { joinKeys } from '../documents/record-key.ts';
import type { PreparedDocument, PreparedItem, PrepareInput } from './prepare.ts';
import type { RecipeOf } from './recipe.ts';
import type { Restore, RestoreInput } from './restore.ts';

/** An item that was prepared for another generation than the one that serves now, made anew for that one. */
export type Conform = (
  collection: CollectionSummary,
  input: Pick<PrepareInput, 'item' | 'givenLanguage'>,
  prepared: PreparedItem,
) => Promise<PreparedItem>;

export interface ConformDependencies {
  readonly recipeOf: RecipeOf;
  readonly restore: Restore;
}

const NEVER = new AbortController().signal;

/** For what was being prepared while another generation went live, so that none holds versions of two kinds. */
export function createConform({ recipeOf, restore }: ConformDependencies): Conform {
  return async (collection, { item, givenLanguage = null }, prepared) => {
    const language = givenLanguage ?? collection.settings.language;
    const recipe = recipeOf(collection);
    const fits = (document: PreparedDocument): boolean =>
      document.version.generation === recipe.generation &&
      (language === 'auto' || language === document.language);
    if (prepared.documents.every(fits)) return prepared;
    const scope: Scope = { tenant: collection.tenant, collection: collection.collection };
    const remade = await Promise.all(
      prepared.documents.map(async (document) => {
        if (fits(document)) return { documents: [document], problems: [] };
        const input = restoreInput({ scope, item, prepared, document });
        return restore({ ...input, ...recipe, language: language === 'auto' ? 'keep' : language }, NEVER);
      }),
    );
    const recordKeys = prepared.documents.map(({ recordKey }) => recordKey);
    return {
      ...prepared,
      documents: named(
        recordKeys,
        remade.map(({ documents }) => documents),
      ),
      problems: [
        ...prepared.problems,
        ...named(
          recordKeys,
          remade.map(({ problems }) => problems),
        ),
      ],
    };
  };
}

/** What came of each document, under the key of its record. */
function named<Part extends object>(
  recordKeys: readonly (string | null)[],
  parts: readonly (readonly Part[])[],
): (Part & { readonly recordKey: string | null })[] {
  return parts.flatMap((some, at) =>
    some.map((part) => Object.assign({}, part, { recordKey: recordKeys[at] ?? null })),
  );
}

interface RestoreParts {
  readonly scope: Scope;
  readonly item: string;
  readonly prepared: PreparedItem;
  readonly document: PreparedDocument;
}

function restoreInput({
  scope,
  item,
  prepared,
  document,
}: RestoreParts): Pick<RestoreInput, 'name' | 'draft' | 'stored'> {
  const { recordKey, version, ...shown } = document;
  const sourceKey = joinKeys(item, recordKey);
  const { contentHash, format } = prepared;
  return {
    name: sourceKey,
    draft: { id: documentId(scope, sourceKey), sourceKey, item, state: 'ready', contentHash, format },
    stored: { ...shown, id: version.id, text: version.text, blocks: version.blocks, chunks: version.chunks },
  };
}
