import type { DefaultTreeAdapterTypes } from 'parse5';

export type HtmlNode = DefaultTreeAdapterTypes.Node;
export type HtmlElement = DefaultTreeAdapterTypes.Element;

/** Called in document order; leaving out the children of an element by returning false from `enter`. */
export interface HtmlVisitor {
  text(value: string): void;
  enter(element: HtmlElement): boolean;
  leave(element: HtmlElement): void;
}

/** Walks a tree with its own stack: documents may be nested as deep as they like. */
export function walkHtml(root: HtmlNode, visitor: HtmlVisitor): void {
  const open: { readonly node: HtmlNode; next: number }[] = [{ node: root, next: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const child = childrenOf(top.node)[top.next++];
    if (child === undefined) {
      open.pop();
      if (top.node !== root && isElement(top.node)) visitor.leave(top.node);
    } else if (isElement(child)) {
      if (visitor.enter(child)) open.push({ node: child, next: 0 });
    } else if ('value' in child) visitor.text(child.value);
  }
}

export function isElement(node: HtmlNode): node is HtmlElement {
  return 'tagName' in node;
}

export function attribute(element: HtmlElement, name: string): string | null {
  return element.attrs.find((candidate) => candidate.name === name)?.value ?? null;
}

/** The text in an element with white space collapsed. */
export function textOf(element: HtmlElement): string {
  const parts: string[] = [];
  const enter = ({ tagName }: HtmlElement) =>
    tagName !== 'script' && tagName !== 'style' && tagName !== 'svg';
  walkHtml(element, { text: (value) => parts.push(value), enter, leave: () => {} });
  return parts.join('').replace(/\s+/g, ' ').trim();
}

function childrenOf(node: HtmlNode): readonly HtmlNode[] {
  return 'childNodes' in node ? node.childNodes : [];
}
