import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertParsed } from './assert-parsed.ts';
import { parseMdx } from './mdx.ts';

const SOURCE = `---
title: Install
---
import { Tab } from './tab';
import Foo, {
  Bar,
} from 'y'
export const meta = {
  a: 1,

  b: 2
}

# Hello {/* gone */}<Badge text="n" />

import your data first.

<Tabs>
  <Tab title="npm">
    Run this:

    \`\`\`bash
    npm i <pkg>
      import x from 'y'
    \`\`\`

    - item a
      - item b
  </Tab>
  <Card title={'Second'} icon={<Icon a=">" />}>
    Text in {"card"} with \`<Code>\` and <a href="x">link</a>.
  </Card>
</Tabs>

<table><tr><td>1</td><td style={{ a: 1 }}>2</td></tr></table>

<https://auto.link> is 1 < 2 {foo}
`;

test('keeps the text inside of components and drops modules, comments and tags', () => {
  const document = parseMdx(SOURCE);
  assert.equal(document.title, 'Install');
  assert.deepEqual(assertParsed(document), [
    ['heading', 'Hello'],
    ['paragraph', 'import your data first.'],
    ['paragraph', 'npm'],
    ['paragraph', 'Run this:'],
    ['code', "npm i <pkg>\n  import x from 'y'"],
    ['list_item', '- item a'],
    ['list_item', '- item b'],
    ['paragraph', 'Second'],
    ['paragraph', 'Text in card with <Code> and link.'],
    ['table', '1 | 2'],
    ['paragraph', 'https://auto.link is 1 < 2 {foo}'],
  ]);
});

test('keeps the rest of a file whose module statement never ends', () => {
  assert.match(parseMdx('export const a = {\n\nThe text that counts.\n').text, /The text that counts\./);
});

test('takes tags and expressions that never close as text', () => {
  for (const piece of ['<a ', '{/* ', '<A t="', '`', '{', '<']) {
    const document = parseMdx(`${piece.repeat(50_000)}\n\nneedle`);
    assertParsed(document);
    assert.match(document.text, /needle/, piece);
  }
});
