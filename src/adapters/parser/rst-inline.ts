/** Bounded, so that an opening mark without its end costs little. */
const INLINE = new RegExp(
  [
    '``(?<literal>[^`\\n](?:[^`]|`(?!`)){0,400})``',
    ':[A-Za-z][\\w:+.-]{0,60}:`(?<role>[^`]{1,400})`',
    '`(?<phrase>[^`]{1,400})`(?::[A-Za-z][\\w:+.-]{0,60}:|__?)?',
    '\\*\\*(?<strong>[^\\s*](?:[^*]{0,400}[^\\s*])?)\\*\\*',
    '(?<![\\w*])\\*(?<emphasis>[^\\s*](?:[^*]{0,400}[^\\s*])?)\\*(?!\\w)',
    '(?<![\\w|])\\|(?<substitution>[^\\s|](?:[^|\\n]{0,80}[^\\s|])?)\\|(?:__?)?(?!\\w)',
    '(?<=[A-Za-z0-9])__?(?=$|[\\s,.;:!?)\\]])',
    '(?<=\\])_(?=\\W|$)',
    '\\\\(?<escaped>[^\\n])',
  ].join('|'),
  'g',
);

/** The text of inline reStructuredText: roles, links, emphasis and literals without their marks. */
export function rstInline(source: string): string {
  if (!/[`*|_\\]/.test(source)) return source;
  return source.replace(INLINE, (...match: unknown[]) => {
    const groups = match.at(-1) as Readonly<Record<string, string | undefined>>;
    if (groups['role'] !== undefined) return roleText(groups['role']);
    if (groups['phrase'] !== undefined) return withoutTarget(groups['phrase']);
    if (groups['escaped'] !== undefined) return groups['escaped'] === ' ' ? '' : groups['escaped'];
    return groups['literal'] ?? groups['strong'] ?? groups['emphasis'] ?? groups['substitution'] ?? '';
  });
}

/** `text <target>` is its text, `~package.Name` its last part, `!name` is not linked. */
function roleText(content: string): string {
  const text = withoutTarget(content).replace(/^!/, '');
  return text.startsWith('~') ? (text.slice(1).split('.').at(-1) ?? text) : text;
}

function withoutTarget(content: string): string {
  const target = content.lastIndexOf('<');
  return target > 0 && content.endsWith('>') ? content.slice(0, target).trim() : content;
}
