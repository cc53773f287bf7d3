import type { CodeGrammar } from './grammar.ts';
import type { Definition } from './definition.ts';

const ROUTINE = /^(?:FUNCTION|PROC|TRIGGER|PACKAGE)/i;
/** The end of a routine whose body is not in quotes. */
const END_OF_ROUTINE = /^(?:END\b[^\n]*|\/[ \t]*|GO[ \t]*|DELIMITER\b[^\n]*)$/gim;

/** A definition ends with its semicolon; a routine with statements inside with the `END` that starts a line. */
export function statementDefinitions(code: string, { rules }: CodeGrammar): readonly Definition[] {
  const found = rules.flatMap(({ pattern }) => [...code.matchAll(pattern)]);
  return found.flatMap((match, at) => {
    const name = (match.groups?.['name'] ?? '').replaceAll(/["`[\]]/g, '');
    const start = match.index + Math.max(0, match[0].search(/\S/));
    const limit = found[at + 1]?.index ?? code.length;
    const end = endOf(code, { start, limit, isRoutine: ROUTINE.test(match.groups?.['kind'] ?? '') });
    return end > start ? [{ name, start, end, members: [] }] : [];
  });
}

interface Statement {
  readonly start: number;
  readonly limit: number;
  readonly isRoutine: boolean;
}

function endOf(code: string, { start, limit, isRoutine }: Statement): number {
  const semicolon = code.indexOf(';', start);
  const first = semicolon < 0 || semicolon >= limit ? limit : semicolon + 1;
  if (!isRoutine || !/\b(?:BEGIN|DECLARE|IS|AS)\s/i.test(code.slice(start, first))) return first;
  // A body in dollar quotes is blank here, and the statement ends with its own semicolon.
  if (!/\bBEGIN\b/i.test(code.slice(start, limit))) return first;
  END_OF_ROUTINE.lastIndex = start;
  const last = END_OF_ROUTINE.exec(code);
  return last === null || last.index >= limit ? limit : END_OF_ROUTINE.lastIndex;
}
