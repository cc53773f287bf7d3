import type { CodeGrammar, DefinitionRule } from './grammar.ts';
import { MAX_CONTAINER_DEPTH, type Definition } from './definition.ts';

/** Closes what is open and belongs to it. */
const CLOSING = /^(?:\}|end\b)/;
/** Goes on with what is open. */
const GOING_ON = /^(?:[)\]{]|(?:rescue|ensure|else|elsif)\b)/;
const LINE_CHARS = 500;

interface Open {
  readonly name: string;
  readonly start: number;
  readonly indent: number;
  readonly isContainer: boolean;
  readonly members: Definition[];
}

/** A definition ends before the next line that is indented no deeper. */
export function indentedDefinitions(code: string, { rules }: CodeGrammar): readonly Definition[] {
  const top: Definition[] = [];
  const open: Open[] = [];
  let lastEnd = 0;
  const close = (indent: number, line: string | null, lineEnd: number): void => {
    for (let last = open.at(-1); last !== undefined && last.indent >= indent; last = open.at(-1)) {
      const isOwn = line !== null && last.indent === indent;
      if (isOwn && GOING_ON.test(line)) return;
      open.pop();
      const { name, start, members } = last;
      const end = isOwn && CLOSING.test(line) ? lineEnd : lastEnd;
      (open.at(-1)?.members ?? top).push({ name, start, end, members });
    }
  };
  for (let from = 0; from < code.length;) {
    const newline = code.indexOf('\n', from);
    const lineEnd = newline < 0 ? code.length : newline;
    const line = code.slice(from, Math.min(lineEnd, from + LINE_CHARS));
    const indent = line.search(/\S/);
    if (indent >= 0) {
      close(indent, line.slice(indent), lineEnd);
      const found = open.at(-1)?.isContainer === false ? null : definitionIn(line, rules);
      if (found !== null) {
        const isContainer = found.isContainer && open.length < MAX_CONTAINER_DEPTH;
        open.push({ name: found.name, start: from + indent, indent, isContainer, members: [] });
      }
      lastEnd = lineEnd;
    }
    from = lineEnd + 1;
  }
  close(0, null, code.length);
  return top;
}

function definitionIn(
  line: string,
  rules: readonly DefinitionRule[],
): { readonly name: string; readonly isContainer: boolean } | null {
  for (const { pattern, isContainer = false } of rules) {
    const name = pattern.exec(line)?.groups?.['name'];
    if (name !== undefined) return { name, isContainer };
  }
  return null;
}
