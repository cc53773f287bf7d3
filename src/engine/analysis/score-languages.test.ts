import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eld } from 'eld/small';
import { buildLanguages } from '../../../test/build-languages.ts';
import { seededRandom } from '../../../test/random.ts';
import { scoreLanguages } from './score-languages.ts';

/** Of several scripts, with what stands between words, and with words that are too long. */
const TEXTS = [
  '',
  ' \n',
  '12.5 %',
  'a',
  "Don’t say `rock'n'roll', it’s l’été déjà",
  'Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstellenleiter hat geheiratet',
  'Die Sicherung der Datenbank läuft jede Nacht. Die Mitarbeiter müssen ihren Urlaub vier Wochen vorher beantragen.',
  'Резервная копия базы данных создаётся каждую ночь. Сотрудники должны просить отпуск за четыре недели.',
  'தரவுத்தளத்தின் காப்பு ஒவ்வொரு இரவும் எடுக்கப்படுகிறது.',
  'डेटाबेस का बैकअप हर रात चलता है। கர்மचारियों को छुट्टी के लिए पहले से पूछना होगा।',
  'İSTANBUL’da 😀 veritabanının yedeği her gece alınır \ud800 ve saklanır.',
  '数据库每天晚上备份 and then データベース',
];

function piecesOf(random: () => number): string[] {
  const all = TEXTS.join(' ');
  return Array.from({ length: 2000 }, () => {
    const start = Math.floor(random() * all.length);
    return all.slice(start, start + Math.floor(random() * 400)).repeat(1 + Math.floor(random() * 3));
  });
}

describe('the scores of languages', () => {
  it('are those of Nito-ELD', () => {
    for (const text of [...TEXTS, ...piecesOf(seededRandom(3))]) {
      const expected = eld.detect(text);
      const { language, isReliable, scores } = scoreLanguages(text);
      assert.equal(language, expected.language, text);
      assert.equal(isReliable, language !== '' && expected.isReliable(), text);
      assert.deepEqual(scores, expected.getScores(), text);
    }
  });

  it('come from the table that `npm run languages` writes', async () => {
    const stored = readFileSync(new URL('languages.bin', import.meta.url));
    assert.ok(stored.equals(await buildLanguages()));
  });
});
