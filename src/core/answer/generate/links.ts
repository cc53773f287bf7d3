/** Everything that some client shows as a link: addresses, mail, names of hosts with a path, whatever way they are written. */
const LINK_SOURCES = [
  // Any scheme with two slashes, also escaped.
  String.raw`[a-z][a-z0-9+.-]{1,20}:(?:\\?[/\\]){2}`,
  String.raw`(?:mailto|javascript|vbscript|tel|sms|file|blob|intent|view-source):(?=\S)`,
  String.raw`data:[a-z]*[/;,]`,
  // The scheme of the page.
  String.raw`(?<![:\w/\\.])(?:\\?/){2}(?=[^\s/]+\.[^\s/])`,
  String.raw`www\.`,
  String.raw`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`,
  String.raw`(?<![\w/.@-])(?:[a-z0-9-]+\.)+[a-z]{2,18}(?::\d+)?[/?#](?=\S)`,
  String.raw`(?<![\w/.@-])(?:[a-z0-9-]+\.)+(?:com|org|info|biz|xyz|site|online|top|club|example|test)(?![\w-]|\.\w)`,
] as const;

/** A link without a label, up to where it ends. */
export const BARE_LINK = new RegExp(String.raw`(?:${LINK_SOURCES.join('|')})[^\s)>\]"'${'`'}<|]*`, 'giu');

/** A sentence's own full stop or comma is not part of a link. */
export function withoutStop(link: string): string {
  return link.replace(/[.,;:!?*_~]+$/, '');
}

/** Whether the text holds the link as a whole: a part of an address may be another one's. */
export function holdsLink(text: string, link: string): boolean {
  if (link === '') return false;
  for (let at = text.indexOf(link); at >= 0; at = text.indexOf(link, at + 1)) {
    const before = text.slice(Math.max(0, at - 1), at);
    const after = text.slice(at + link.length, at + link.length + 2);
    if (!/[\w@.-]/.test(before) && !/^(?:[\w@%=&+-]|[.:]\w)/.test(after)) return true;
  }
  return false;
}
