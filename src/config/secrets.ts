import { readFileSync } from 'node:fs';
import type { Problem } from '../core/errors.ts';
import type { Environment } from './env.ts';
import { fileVariable, type Setting } from './setting.ts';

const MAX_CHARACTERS = 16_384;

/** Secrets that were given as files (Docker and Kubernetes mount them so), by the name of their setting. */
export interface SecretFiles {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** Reads the file of each secret setting whose `..._FILE` is set; white space around the secret is removed. */
export function readSecretFiles(
  environment: Environment,
  settings: readonly Setting<unknown>[],
): SecretFiles {
  const values = new Map<string, string>();
  const problems: Problem[] = [];
  for (const { name } of settings.filter(({ isSecret }) => isSecret === true)) {
    const variable = fileVariable(name);
    const path = environment[variable]?.trim() ?? '';
    if (path === '') continue;
    const isGivenTwice = (environment[name]?.trim() ?? '') !== '';
    const found = isGivenTwice ? { problem: `is set, and so is ${name}: set one of them` } : readSecret(path);
    if ('problem' in found) problems.push({ name: variable, detail: found.problem });
    else values.set(name, found.text);
  }
  return { values, problems };
}

function readSecret(path: string): { readonly text: string } | { readonly problem: string } {
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (text === '') return { problem: `is "${path}", a file that is empty` };
    return text.length > MAX_CHARACTERS ? { problem: `is "${path}", too large for a secret` } : { text };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { problem: `is "${path}", which cannot be read (${code})` };
  }
}
