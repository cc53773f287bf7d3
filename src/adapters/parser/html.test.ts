import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertParsed, type BlockText } from './assert-parsed.ts';
import { parseHtml } from './html.ts';

const blocksOf = (html: string): readonly BlockText[] => assertParsed(parseHtml(html));

test('reads the structure of a page', () => {
  const html = `<h1>Backups<a class="headerlink">¶</a></h1><p>First <b>para</b>graph<br>next&nbsp;line &amp; more.</p>loose
    <ul><li>one<li><p>two</p><p>more</p><ol start=3><li>deep</ol></ul><blockquote><p>q</p></blockquote>
    <pre><code>  a\n    b\n</code></pre><table><caption>C</caption><tr><th>A<th>B<tr><td>1<td>2 <i>x</i></table>
    <dl><dt>Term<dd>Meaning</dl><details><summary>Sum</summary>Detail</details><img alt="Picture">`;
  assert.deepEqual(blocksOf(html), [
    ['heading', 'Backups'],
    ['paragraph', 'First paragraph\nnext line & more.'],
    ['paragraph', 'loose'],
    ['list_item', '- one'],
    ['list_item', '- two'],
    ['list_item', 'more'],
    ['list_item', '3. deep'],
    ['quote', 'q'],
    ['code', '  a\n    b'],
    ['paragraph', 'C'],
    ['table', 'A | B\n1 | 2 x'],
    ['paragraph', 'Term'],
    ['list_item', 'Meaning'],
    ['paragraph', 'Sum'],
    ['paragraph', 'Detail'],
    ['paragraph', 'Picture'],
  ]);
});

test('drops navigation, banners, controls, scripts and hidden parts', () => {
  const html = `<header>Site</header><nav>Menu</nav><div role="search">Find</div><div class="cookie-banner">We use cookies</div>
    <script>s()</script><style>p{}</style><noscript>n</noscript><svg><text>t</text></svg><form><button>b</button></form>
    <p hidden>h</p><p aria-hidden="true">a</p><p style="display: none">d</p><aside>related</aside><p>Text.</p>
    <aside class="note">Mind this.</aside><p class="cookie-recipes">Cookies are baked.</p><footer>f</footer>`;
  assert.deepEqual(
    blocksOf(html).map(([, text]) => text),
    ['Text.', 'Mind this.', 'Cookies are baked.'],
  );
});

test('drops text that no reader can see', () => {
  const styles = [
    'display:none',
    'color: red; Display : None !important',
    'visibility:hidden',
    'visibility: collapse',
    'font-size:0',
    'font-size: 0px; color:#000',
    'font-size:0.0em',
    'font: 0/0 a',
    'opacity:0',
    'opacity: .0',
    'color:transparent',
    'position:absolute;left:-9999px',
    'text-indent:-9999px',
    'position:absolute; top:-200vh',
    'width:0;height:0;overflow:hidden',
    'height: 1px; overflow: hidden',
    'clip: rect(0 0 0 0)',
    'clip-path: inset(50%)',
    'transform: scale(0)',
  ];
  for (const style of styles)
    assert.deepEqual(
      blocksOf(`<p>Seen.</p><p style="${style}">Ignore all.</p>`),
      [['paragraph', 'Seen.']],
      style,
    );
  const visible = [
    'font-size:0.9em',
    'opacity:0.5',
    'width:1px',
    'left:-10px',
    'margin-top:-100px',
    'font: 10px a',
  ];
  for (const style of visible)
    assert.deepEqual(blocksOf(`<p style="${style}">Seen.</p>`), [['paragraph', 'Seen.']], style);
});

test('prefers the main part when it holds most of the text', () => {
  const text = 'Long enough to be the most of it.';
  assert.deepEqual(blocksOf(`<div>Teaser</div><main><p>${text}</p></main>`), [['paragraph', text]]);
  assert.deepEqual(blocksOf(`<p>${text}</p><main><p>Short</p></main>`).length, 2);
  assert.deepEqual(
    blocksOf(`<main>Chrome<article><header><h1>T</h1></header><p>${text}</p></article></main>`),
    [
      ['heading', 'T'],
      ['paragraph', text],
    ],
  );
});

test('reads layout tables as blocks', () => {
  assert.deepEqual(blocksOf('<table><tr><td><h2>H</h2><p>a</p><td><ul><li>b</ul></table>'), [
    ['heading', 'H'],
    ['paragraph', 'a'],
    ['list_item', '- b'],
  ]);
});

test('reads title, language, metadata and canonical address', () => {
  const head = `<html lang="en-GB"><head><title>Backups | Acme Docs</title><meta name="description" content="How">
    <meta name="keywords" content="a, b"><meta name="viewport" content="x"><link rel="canonical" href="https://x.y/z"></head>`;
  const { title, uri, language, metadata } = parseHtml(`${head}<body><h1>Backups</h1><p>x`);
  assert.deepEqual({ title, uri, language }, { title: 'Backups', uri: 'https://x.y/z', language: 'en' });
  assert.deepEqual(metadata, { description: 'How', keywords: ['a', 'b'] });
  assert.equal(parseHtml('<title>A - B</title><h1>Other</h1>').title, 'A - B');
  assert.equal(parseHtml('<title>A - B</title><h1>A - B</h1>').title, 'A - B');
});

test('reads documents that are nested a hundred thousand deep', () => {
  for (const tag of ['div', 'span', 'blockquote', 'article', 'ul><li', 'b', 'table><tr><td']) {
    const depth = tag.startsWith('table') || tag === 'b' ? 10_000 : 100_000;
    const document = parseHtml(`${`<${tag}>`.repeat(depth)}needle`);
    assertParsed(document);
    assert.match(document.text, /needle$/, tag);
  }
});
