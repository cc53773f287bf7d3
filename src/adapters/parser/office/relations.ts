import { dirname, join } from 'node:path/posix';
import { readXml } from './read-xml.ts';
import type { Archive } from './archive.ts';

/** A link from one part of an Office file to another. */
export interface Relation {
  readonly id: string;
  /** URI whose end says what the target is: `.../notesSlide`. */
  readonly type: string;
  /** Path in the archive. */
  readonly target: string;
}

/** The relations of a part; none when it has no list of them. Targets outside of the archive are left out. */
export function relationsOf(archive: Archive, part: string, name: string): readonly Relation[] {
  const folder = dirname(part);
  const path = join(folder, '_rels', `${part.slice(folder.length + 1)}.rels`);
  const bytes = archive.read(path);
  if (bytes === null) return [];
  const relations: Relation[] = [];
  readXml(bytes, `${name}!/${path}`, {
    open: ({ name: element, attributes }) => {
      const { Id: id = '', Type: type = '', Target: target = '', TargetMode: mode = '' } = attributes;
      if (element !== 'Relationship' || mode === 'External') return;
      relations.push({ id, type, target: target.startsWith('/') ? target.slice(1) : join(folder, target) });
    },
  });
  return relations;
}
