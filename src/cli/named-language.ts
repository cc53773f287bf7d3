import { textFlag, type Flags } from './command.ts';

/** What `--language` names for documents that are sent; null: as the collection says. */
export function namedLanguage(flags: Flags): string | null {
  const language = textFlag(flags, 'language') ?? 'auto';
  return language === 'auto' ? null : language;
}
