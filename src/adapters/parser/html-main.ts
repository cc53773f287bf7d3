import { isNoise } from './html-noise.ts';
import { attribute, walkHtml, type HtmlElement, type HtmlNode } from './html-tree.ts';

/** A part must hold this share of the text to stand for the whole page. */
const MAIN_SHARE = 0.5;
const ARTICLE_SHARE = 0.6;

/** The element that holds the page's own text: `main`, `article`, or the whole page when they hold too little. */
export function mainContent(root: HtmlNode): HtmlNode {
  const { total, candidates } = measure(root);
  const best = (isOfKind: (element: HtmlElement) => boolean) =>
    candidates
      .filter(({ element }) => isOfKind(element))
      .reduce<Candidate | null>(
        (most, next) => (most === null || next.length > most.length ? next : most),
        null,
      );
  const main = best(isMain);
  const article = best(({ tagName }) => tagName === 'article');
  const outer = main !== null && main.length >= total * MAIN_SHARE ? main : null;
  if (article !== null && article.length >= (outer?.length ?? total) * ARTICLE_SHARE) return article.element;
  return outer?.element ?? root;
}

interface Candidate {
  readonly element: HtmlElement;
  readonly length: number;
}

function measure(root: HtmlNode): { total: number; candidates: readonly Candidate[] } {
  const candidates: Candidate[] = [];
  const starts: number[] = [];
  let total = 0;
  walkHtml(root, {
    text(value) {
      total += value.trim().length;
    },
    enter(element) {
      if (isNoise(element, starts.length > 0)) return false;
      if (isCandidate(element)) starts.push(total);
      return true;
    },
    leave(element) {
      if (isCandidate(element)) candidates.push({ element, length: total - (starts.pop() ?? 0) });
    },
  });
  return { total, candidates };
}

function isCandidate(element: HtmlElement): boolean {
  return element.tagName === 'article' || isMain(element);
}

function isMain(element: HtmlElement): boolean {
  return element.tagName === 'main' || (element.attrs.length > 0 && attribute(element, 'role') === 'main');
}
