/** A row of the table of rooms in `docs/architecture.md`. */
export interface Room {
  /** A folder with a `/` at its end, or one file; relative to the repository. */
  readonly folder: string;
  /** Rooms that files of this room may import, or `anything`. */
  readonly mayImport: readonly string[] | 'anything';
  /** Packages that files of this room may import, `node:*` for any module of Node, or `anything`. */
  readonly packages: readonly string[] | 'anything';
  /** The folder does not exist yet. */
  readonly isLater: boolean;
}

/** The rooms of the first table whose head has the columns `folder`, `may import` and `packages`. */
export function readRooms(markdown: string): readonly Room[] {
  const lines = markdown.split('\n').map(cellsOf);
  const start = lines.findIndex((cells) => cells[0] === 'folder');
  if (start < 0) throw new Error('no table with a column "folder"');
  const head = lines[start] ?? [];
  const column = (name: string): number => {
    const index = head.indexOf(name);
    if (index < 0) throw new Error(`the table of rooms has no column "${name}"`);
    return index;
  };
  const [imports, packages] = [column('may import'), column('packages')];
  const length = lines.slice(start + 2).findIndex((cells) => cells.length === 0);
  return lines.slice(start + 2, length < 0 ? undefined : start + 2 + length).map((cells) => ({
    folder: (cells[0] ?? '').replace(/`| \(later\)/g, ''),
    mayImport: listOf(cells[imports] ?? ''),
    packages: listOf(cells[packages] ?? ''),
    isLater: (cells[0] ?? '').endsWith('(later)'),
  }));
}

function cellsOf(line: string): readonly string[] {
  if (!line.startsWith('|')) return [];
  return line
    .slice(1, line.lastIndexOf('|'))
    .split('|')
    .map((cell) => cell.trim());
}

function listOf(cell: string): readonly string[] | 'anything' {
  if (cell === 'anything') return 'anything';
  if (cell === 'nothing' || cell === '') return [];
  return cell.split(',').map((name) => name.trim().replaceAll('`', ''));
}
