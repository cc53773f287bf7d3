import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../temporary-folder.ts';

/** A folder in which a package of that name is installed. */
export async function temporaryPackage(
  name: string,
  code: string,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await temporaryFolder();
  const place = join(folder.path, 'node_modules', name);
  await mkdir(place, { recursive: true });
  const manifest = {
    name,
    version: '1.0.0',
    type: 'module',
    exports: { '.': { import: './index.js', default: './index.js' } },
  };
  await writeFile(join(place, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(place, 'index.js'), code);
  return folder;
}
