import type { Archive } from './archive.ts';
import { readXml } from './read-xml.ts';

/** What a file says about itself. */
export interface CoreProperties {
  readonly title: string | null;
  readonly author: string | null;
  readonly language: string | null;
}

const NAMES = new Set(['title', 'creator', 'initial-creator', 'language']);

/** Title, author and language out of `docProps/core.xml` or `meta.xml`. */
export function readCoreProperties(archive: Archive, path: string, name: string): CoreProperties {
  const bytes = archive.read(path);
  const found = new Map<string, string>();
  if (bytes !== null) {
    let open = '';
    readXml(bytes, `${name}!/${path}`, {
      open: (element) => {
        open = NAMES.has(element.name) ? element.name : '';
      },
      text: (text) => {
        if (open !== '') found.set(open, `${found.get(open) ?? ''}${text}`.trim());
      },
      close: () => {
        open = '';
      },
    });
  }
  const language = /^[a-z]{2}\b/i.exec(found.get('language') ?? '')?.[0].toLowerCase() ?? null;
  return {
    title: found.get('title') || null,
    author: found.get('creator') || found.get('initial-creator') || null,
    language,
  };
}
