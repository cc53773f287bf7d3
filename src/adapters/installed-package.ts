import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HoldfastError } from '../core/errors.ts';
import { field } from './model-http/json-fields.ts';

/**
 * Imports a package that is no dependency of Holdfast: installed beside it, or in the folder that it runs in.
 * @throws HoldfastError `invalid_configuration` that says how to install it, or why it does not load.
 */
export async function importInstalled(name: string, folder = process.cwd()): Promise<object> {
  const place = found(join(folder, 'package.json'), name) ?? found(import.meta.url, name);
  if (place === null)
    throw new HoldfastError(
      'invalid_configuration',
      `the package ${name} is not installed: run npm install ${name} in ${folder}`,
    );
  try {
    return (await import(pathToFileURL(place).href)) as object;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HoldfastError('invalid_configuration', `the package ${name} does not load: ${reason}`, {
      cause: error,
    });
  }
}

function found(from: string, name: string): string | null {
  try {
    return createRequire(from).resolve(name);
  } catch (error) {
    if (String(field(error, 'code')).startsWith('MODULE_NOT_FOUND')) return null;
    throw new HoldfastError('invalid_configuration', `the package ${name} cannot be imported`, {
      cause: error,
    });
  }
}
