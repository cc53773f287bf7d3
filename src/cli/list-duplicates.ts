import type { Client } from '../app/client.ts';
import type { WireDuplicateGroup, WireDuplicates } from '../http/contract/duplicates.ts';
import { EXIT, type Invocation } from './command.ts';

/** Prints the groups of documents of a collection that have nearly the same text. */
export async function listDuplicates(
  { output, isJson }: Invocation,
  client: Client,
  name: string,
): Promise<number> {
  const items: WireDuplicateGroup[] = [];
  let page: WireDuplicates;
  let cursor: string | null = null;
  do {
    page = await client.listDuplicates(name, { limit: '1000', ...(cursor === null ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  if (isJson) output.json({ ...page, items });
  for (const { size, documents } of isJson ? [] : items) {
    output.result(`${size} documents`);
    for (const { id, similarity, title, source_key: key } of documents)
      output.result(`  ${id}  ${`${Math.round(similarity * 100)} %`.padStart(5)}  ${title} — ${key}`);
    if (documents.length < size) output.result(`  and ${size - documents.length} more`);
  }
  if (!page.complete) output.note(`Only the first ${page.compared} documents were compared.`);
  if (items.length === 0) output.note(`No near duplicates among ${page.compared} documents.`);
  return EXIT.done;
}
