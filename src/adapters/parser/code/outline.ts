import type { Definition } from './definition.ts';
import type { CodeGrammar } from './grammar.ts';
import { braceDefinitions } from './outline-braces.ts';
import { indentedDefinitions } from './outline-indentation.ts';
import { statementDefinitions } from './outline-statements.ts';

/** The definitions of masked source code in order. @see maskCode */
export function outlineOf(code: string, grammar: CodeGrammar): readonly Definition[] {
  if (grammar.shape === 'braces') return braceDefinitions(code, grammar);
  if (grammar.shape === 'indentation') return indentedDefinitions(code, grammar);
  return statementDefinitions(code, grammar);
}
