/** Extensions of source code and configuration: plain text whose every block is code. */
const CODE_EXTENSIONS = new Set(
  (
    'ts mts cts tsx js mjs cjs jsx vue svelte astro py pyi pyx rb rs go java kt kts scala groovy gradle clj cljs ' +
    'c h cc cpp cxx hpp hh hxx m mm cs fs fsx vb swift dart zig nim d v sv vhd vhdl asm s f f90 jl r lua pl pm php ' +
    'erl hrl ex exs elm hs lhs ml mli lisp scm el sh bash zsh fish ps1 psm1 bat cmd awk sed sql psql graphql gql ' +
    'proto thrift css scss sass less styl toml ini cfg conf properties env xml xsd xsl xslt svelte plist ' +
    'tf hcl nix cmake mk make dockerfile bazel bzl star diff patch sol move wat glsl hlsl wgsl cu cuh log json5'
  ).split(' '),
);
/** Extensions of prose that has no parser of its own yet. */
const PROSE_EXTENSIONS = new Set('txt text tex ltx bib org textile wiki pod man me nfo'.split(' '));
/** Extensions of line-wise tables. */
const TABLE_EXTENSIONS = new Set(['csv', 'tsv', 'psv', 'tab']);
const CODE_FILE_NAMES = new Set([
  'makefile',
  'dockerfile',
  'containerfile',
  'jenkinsfile',
  'vagrantfile',
  'gemfile',
  'rakefile',
  'justfile',
  'procfile',
  'cmakelists.txt',
  '.gitignore',
  '.dockerignore',
  '.editorconfig',
  '.npmrc',
  '.env',
]);
const PROSE_FILE_NAMES = new Set([
  'readme',
  'license',
  'licence',
  'copying',
  'changelog',
  'changes',
  'authors',
  'contributors',
  'contributing',
  'notice',
  'news',
  'todo',
  'install',
  'history',
  'codeowners',
]);

/** What plain text is by its file name alone; null when the name says nothing. */
export function textKindOf(name: string): 'code' | 'prose' | 'table' | null {
  const lower = baseName(name).toLowerCase();
  const extension = extensionOf(name);
  if (CODE_FILE_NAMES.has(lower) || CODE_EXTENSIONS.has(extension)) return 'code';
  if (TABLE_EXTENSIONS.has(extension)) return 'table';
  return PROSE_FILE_NAMES.has(lower) || PROSE_EXTENSIONS.has(extension) ? 'prose' : null;
}

/** The lower-case extension without the dot, or an empty string. */
export function extensionOf(name: string): string {
  const base = baseName(name);
  const dot = base.lastIndexOf('.');
  return dot <= 0 ? '' : base.slice(dot + 1).toLowerCase();
}

function baseName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
}
