import { LEXIS } from './lexis.ts';
import type { MaskRule } from './mask.ts';

/** How a definition is told by its head: the code before its body. */
export interface DefinitionRule {
  /** With a group `name`. Global patterns are anchored to the start of a line: their last match counts. */
  readonly pattern: RegExp;
  /** A container is split into the definitions that it holds; another one is a piece of its own. */
  readonly isContainer?: boolean;
  /** Only right inside of a container. */
  readonly isMember?: boolean;
}

/** How source code in a language is cut into definitions. */
export interface CodeGrammar {
  readonly lexis: readonly MaskRule[];
  /** What ends a definition: its closing brace, its indentation, or the end of a statement. */
  readonly shape: 'braces' | 'indentation' | 'statements';
  readonly rules: readonly DefinitionRule[];
  /** Left out of a head before the rules look at it: attributes and the like. */
  readonly noise?: RegExp;
}

const container = (source: string, flags = 'gm'): DefinitionRule => ({
  pattern: new RegExp(source, flags),
  isContainer: true,
});
const leaf = (source: string, flags = 'gm'): DefinitionRule => ({ pattern: new RegExp(source, flags) });
const member = (source: string, flags = 'gm'): DefinitionRule => ({ ...leaf(source, flags), isMember: true });

/** Words before a parenthesis that are no names of functions. */
const NO_NAME =
  '(?!(?:if|for|foreach|while|switch|catch|return|function|do|else|try|with|new|await|typeof|synchronized|using|' +
  'lock|fixed|sizeof|throw|match|when|guard|defer|init|super|this)\\b)';

const JS_LINE = String.raw`^[ \t]*(?:export\s+)?(?:default\s+)?(?:declare\s+)?`;
const JAVASCRIPT: CodeGrammar = {
  lexis: LEXIS.javascript,
  shape: 'braces',
  rules: [
    container(String.raw`${JS_LINE}(?:abstract\s+)?(?:class|namespace|module)\s+(?<name>[\w$.]+)`),
    leaf(String.raw`${JS_LINE}(?:async\s+)?function\b\s*\*?\s*(?<name>[\w$]+)`),
    leaf(String.raw`${JS_LINE}(?:const\s+)?(?:interface|enum|type)\s+(?<name>[\w$]+)`),
    leaf(
      String.raw`${JS_LINE}(?:const|let|var)\s+(?<name>[\w$]+)[^;\n=]*=(?:[^;\n]|\n(?=[ \t)\]}>]))*(?![^])`,
    ),
    leaf(String.raw`^[ \t]*(?<name>[\w$]+(?:\.[\w$]+)+)\s*=[^;\n]*(?![^])`),
    member(
      String.raw`^[ \t]*(?:(?:public|private|protected|static|readonly|override|async|get|set)\s+)*\*?\s*` +
        String.raw`(?!constructor\b)${NO_NAME}(?<name>#?[\w$]+)\s*(?:<[^;{}()]*>)?\s*\(`,
    ),
    member(String.raw`^[ \t]*(?:(?:public|private|protected)\s+)?(?<name>constructor)\s*\(`),
    member(
      String.raw`^[ \t]*(?:(?:public|private|protected|static|readonly)\s+)*(?<name>#?[\w$]+)\s*(?::[^=;\n]*)?=[^;]*=>\s*(?![^])`,
    ),
  ],
};

const METHOD = String.raw`^[^=(]*?${NO_NAME}\b(?<name>\w+)\s*(?:<[^()]*>\s*)?\(`;
const JAVA: CodeGrammar = {
  lexis: LEXIS.java,
  shape: 'braces',
  noise: /@(?!interface\b)[\w.]+(?:\s{0,8}\([^()]{0,200}\))?/g,
  rules: [
    container(String.raw`^[^=(]*?\b(?:class|@?interface|enum|record)\s+(?<name>\w+)`, ''),
    member(METHOD, ''),
  ],
};

const C: CodeGrammar = {
  lexis: LEXIS.c,
  shape: 'braces',
  noise:
    /\b__attribute__\s*\(\([^)]{0,100}\)\)|\btemplate\s*<[^{};]{0,300}?>(?=\s*[\w[])|\[\[[^\]]{0,100}\]\]|^\s*(?:public|private|protected)\s*:/g,
  rules: [
    container(String.raw`^[^=(]*?\b(?:namespace\b\s*(?<name>[\w:]*)|extern)\s*$`, ''),
    leaf(String.raw`\b(?:class|struct|union|enum)\s*(?<name>)$`, ''),
    container(
      String.raw`^[^=(]*?\b(?:class|struct|union|enum(?:\s+class)?)\s+(?:[A-Z][A-Z_]+\s+)?(?<name>[\w:]+)(?:\s+final)?\s*(?::(?!:)[^]*)?$`,
      '',
    ),
    leaf(
      String.raw`^[^=(]*?(?:\b|(?=~))${NO_NAME}(?<name>(?:\w+::){0,8}(?:operator\s*[^\s\w]{1,3}|~?\w+))\s*\(`,
      '',
    ),
    leaf(String.raw`\b(?<name>\w+)\s*(?:\[[^\]]*\]\s*){0,4}=\s*$`, ''),
  ],
};

const CSHARP: CodeGrammar = {
  lexis: LEXIS.csharp,
  shape: 'braces',
  noise: /\[[A-Z][^\]]{0,200}\](?=\s*[\w[])/g,
  rules: [
    container(
      String.raw`^[^=(]*?\b(?:namespace|class|interface|struct|enum|record(?:\s+(?:class|struct))?)\s+(?<name>[\w.]+)`,
      '',
    ),
    member(String.raw`^[^=(]*?${NO_NAME}\b(?<name>operator\s*[^\s\w]{1,2}|\w+)\s*(?:<[^()]*>\s*)?\(`, ''),
    member(String.raw`^[\w<>[\],.?\s]+\s(?<name>\w+)\s*$`, ''),
  ],
};

const GO: CodeGrammar = {
  lexis: LEXIS.go,
  shape: 'braces',
  rules: [
    leaf(
      String.raw`^func\s*(?:\([^()]*?\*?(?<owner>\w+)(?:\[[^\]]*\])?\s*\)\s*)?(?<name>\w+)\s*(?:\[[^\]]*\])?\s*\(`,
    ),
    leaf(String.raw`^type\s+(?<name>\w+)`),
    leaf(String.raw`^(?:var|const)\s+(?<name>\w+)[^\n]*=[^\n]*(?![^])`),
  ],
};

const RUST: CodeGrammar = {
  lexis: LEXIS.rust,
  shape: 'braces',
  noise: /#!?\[[^\]]{0,300}\]/g,
  rules: [
    leaf(String.raw`^[^=]*?\bfn\s+(?<name>\w+)`, ''),
    container(
      String.raw`^\s*(?:unsafe\s+|default\s+)*impl\b\s*(?:<(?:[^<>]|<(?:[^<>]|<[^<>]{0,99}>){0,99}>){0,300}>)?\s*(?<name>[^{]{1,200}?)\s*(?:\bwhere\b[^]*)?$`,
      '',
    ),
    container(String.raw`^[^=(]*?(?:\([^)]*\)\s*)?\b(?:mod|trait)\s+(?<name>\w+)`, ''),
    leaf(String.raw`^[^=(]*?(?:\([^)]*\)\s*)?\b(?:struct|enum|union)\s+(?<name>\w+)`, ''),
    leaf(String.raw`\bmacro_rules!\s*(?<name>\w+)`, ''),
    leaf(String.raw`\b(?:const|static)\s+(?:mut\s+)?(?<name>\w+)\s*:[^]*=`, ''),
  ],
};

const PHP: CodeGrammar = {
  lexis: LEXIS.php,
  shape: 'braces',
  noise: /#\[[^\]]{0,300}\]/g,
  rules: [
    container(String.raw`^[^=(]*?\b(?:namespace|class|interface|trait|enum)\s+(?<name>[\w\\]+)`, ''),
    leaf(String.raw`^[^=]*?\bfunction\s+&?\s*(?<name>\w+)\s*\(`, ''),
  ],
};

const SWIFT_LINE = String.raw`^[ \t]*(?:@\w+(?:\([^)\n]*\))?\s+)*(?:[a-z]+(?:\([a-z]+\))?[ \t]+)*?`;
const SWIFT: CodeGrammar = {
  lexis: LEXIS.swift,
  shape: 'braces',
  rules: [
    container(
      String.raw`${SWIFT_LINE}(?:class|struct|enum|extension|protocol|actor)\s+(?!func\b|var\b)(?<name>[\w.]+)`,
    ),
    leaf(String.raw`${SWIFT_LINE}func\s+(?<name>[^\s(<]+)`),
    member(String.raw`${SWIFT_LINE}(?<name>init|deinit|subscript)\b`),
    leaf(String.raw`${SWIFT_LINE}(?:var|let)\s+(?<name>\w+)\s*[:=][^;]*(?![^])`),
  ],
};

const KOTLIN_LINE = String.raw`^[ \t]*(?:@[\w.:]+(?:\([^)\n]*\))?\s+)*(?:[a-z]+[ \t]+)*?`;
const KOTLIN: CodeGrammar = {
  lexis: LEXIS.kotlin,
  shape: 'braces',
  rules: [
    container(String.raw`${KOTLIN_LINE}(?:class|interface|object)\s+(?<name>\w+)`),
    container(String.raw`${KOTLIN_LINE}(?<name>companion\s+object)\b`),
    leaf(
      String.raw`${KOTLIN_LINE}fun\s+(?:<[^>\n]*>\s*)?(?:[\w<>?,. ]*\.)?(?<name>\w+|\x60[^\x60\n]+\x60)\s*\(`,
    ),
    member(String.raw`${KOTLIN_LINE}(?<name>init|constructor)\b`),
    leaf(String.raw`${KOTLIN_LINE}(?:val|var)\s+(?<name>\w+)[^;]*=[^;\n]*(?![^])`),
  ],
};

const PYTHON: CodeGrammar = {
  lexis: LEXIS.python,
  shape: 'indentation',
  rules: [
    container(String.raw`^[ \t]*class\s+(?<name>\w+)`, 'm'),
    leaf(String.raw`^[ \t]*(?:async\s+)?def\s+(?<name>\w+)`, 'm'),
  ],
};

const RUBY: CodeGrammar = {
  lexis: LEXIS.ruby,
  shape: 'indentation',
  rules: [
    container(String.raw`^[ \t]*(?:class|module)\s+(?<name>[A-Z][\w:]*)`, 'm'),
    leaf(String.raw`^[ \t]*(?:(?:private|protected|public)\s+)?def\s+(?<name>(?:self\.)?[^\s(;]+)`, 'm'),
  ],
};

const SCALA_LINE = String.raw`^[ \t]*(?:@\w+(?:\([^)\n]*\))?\s+)*(?:[a-z]+(?:\[\w+\])?[ \t]+)*?`;
const SCALA: CodeGrammar = {
  lexis: LEXIS.kotlin,
  shape: 'indentation',
  rules: [
    container(String.raw`${SCALA_LINE}(?:class|trait|object|enum)\s+(?<name>\w+)`, 'm'),
    leaf(String.raw`${SCALA_LINE}(?:def|given)\s+(?<name>[^\s([:=]+)`, 'm'),
  ],
};

const SHELL: CodeGrammar = {
  lexis: LEXIS.shell,
  shape: 'braces',
  rules: [
    leaf(String.raw`^[ \t]*(?:function\s+)?(?<name>[\w:.-]+)\s*\(\s*\)\s*(?![^])`),
    leaf(String.raw`^[ \t]*function\s+(?<name>[\w:.-]+)\s*(?![^])`),
  ],
};

const SQL: CodeGrammar = {
  lexis: LEXIS.sql,
  shape: 'statements',
  rules: [
    leaf(
      String.raw`^[ \t]*(?:CREATE|ALTER)\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:[A-Z]+\s+)?(?<kind>TABLE|VIEW|FUNCTION|PROCEDURE|PROC|TRIGGER|INDEX|TYPE|POLICY|PACKAGE(?:\s+BODY)?)` +
        String.raw`\s+(?:IF\s+NOT\s+EXISTS\s+|CONCURRENTLY\s+|ONLY\s+)*(?<name>[\w."\x60[\]]+)`,
      'gim',
    ),
  ],
};

/** The languages that are cut by definitions, by their file extensions. */
const GRAMMARS: readonly (readonly [extensions: string, grammar: CodeGrammar])[] = [
  ['js mjs cjs jsx ts mts cts tsx', JAVASCRIPT],
  ['py pyi pyx', PYTHON],
  ['java', JAVA],
  ['c h cc cpp cxx hpp hh hxx cu cuh', C],
  ['cs', CSHARP],
  ['go', GO],
  ['rs', RUST],
  ['php', PHP],
  ['rb', RUBY],
  ['swift', SWIFT],
  ['kt kts', KOTLIN],
  ['scala', SCALA],
  ['sh bash zsh', SHELL],
  ['sql psql', SQL],
];

const byExtension = new Map(
  GRAMMARS.flatMap(([extensions, grammar]) => extensions.split(' ').map((one) => [one, grammar] as const)),
);

export const CODE_EXTENSIONS: readonly string[] = [...byExtension.keys()];

export function grammarOf(extension: string): CodeGrammar | null {
  return byExtension.get(extension) ?? null;
}
