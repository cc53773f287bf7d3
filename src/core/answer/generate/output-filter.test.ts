import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { outputFilter } from './output-filter.ts';

const KNOWN = 'https://docs.example/backup';

function filtered(text: string, pieceLength: number): string {
  const filter = outputFilter({
    passageCount: 3,
    isKnownLink: (link, markers) => link === KNOWN && markers.includes(1),
  });
  let shown = '';
  for (let at = 0; at < text.length; at += pieceLength)
    shown += filter.push(text.slice(at, at + pieceLength));
  return shown + filter.end();
}

const CASES: readonly (readonly [title: string, text: string, shown: string])[] = [
  ['keeps a marker with a passage', 'Backups run [1].', 'Backups run [1].'],
  ['drops a marker without a passage', 'Backups run [4].', 'Backups run .'],
  ['drops the marker zero', 'Backups run [0].', 'Backups run .'],
  ['splits several numbers', 'Backups run [1, 3; 9].', 'Backups run [1][3].'],
  ['keeps brackets that are no marker', 'Call a[i] and [see below].', 'Call a[i] and [see below].'],
  ['keeps a link of the passage that is cited next', `See ${KNOWN} first [1].`, `See ${KNOWN} first [1].`],
  ['drops a link of a passage that is not cited', `See ${KNOWN} first [2].`, 'See  first [2].'],
  ['drops a link without a marker behind it', `See ${KNOWN}.`, 'See '],
  ['keeps a labelled link of the passage cited', `Read [it](${KNOWN}) [2][1].`, `Read it (${KNOWN}) [2][1].`],
  ['drops a foreign link', 'See https://evil.example/?q=secret now.', 'See  now.'],
  ['keeps the label of a foreign link', 'Click [here](https://evil.example/x) now.', 'Click here now.'],
  ['drops an image', 'Look ![x](https://evil.example/pixel.png) there.', 'Look  there.'],
  ['drops an image of a data address', 'Look ![x](data:image/png;base64,AAAA) there.', 'Look  there.'],
  ['drops tags', 'A <img src="https://evil.example/p.png"> b <b>c</b>.', 'A  b c.'],
  ['keeps comparisons', 'If 3 < 4 and 5 > 2, go on.', 'If 3 < 4 and 5 > 2, go on.'],
  [
    'keeps type arguments',
    'A Map<string, number> of List<int> [1].',
    'A Map<string, number> of List<int> [1].',
  ],
  [
    'keeps references to angle brackets',
    'Write &lt;b&gt; or &#60;i&#62; [1].',
    'Write &lt;b&gt; or &#60;i&#62; [1].',
  ],
  [
    'drops a part of a known link that leads elsewhere',
    'See https://docs.exam first [1].',
    'See  first [1].',
  ],
  ['drops an address of mail', 'Write to thief@evil.example now.', 'Write to  now.'],
  ['drops tags that others make', 'A <<b>script>x</<b>script> end.', 'A x end.'],
  ['drops a script address', 'Run javascript:alert(1) now.', 'Run ) now.'],
];

describe('the filter of a generated answer', () => {
  for (const [title, text, shown] of CASES) {
    test(`${title}, however the text is cut`, () => {
      for (const length of [1, 2, 3, 5, 7, 11, 1000])
        assert.equal(filtered(text, length), shown, `pieces of ${length}`);
    });
  }

  test('lets go of what is never closed', () => {
    const text = `open [ and ( and < ${'word '.repeat(200)}end`;
    assert.equal(filtered(text, 4), text);
  });
});
