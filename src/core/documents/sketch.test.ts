import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../../../test/random.ts';
import { sketchOf, similarity, SKETCH_BYTES, type Sketch } from './sketch.ts';

function sketch(text: string): Sketch {
  return sketchOf(text) ?? assert.fail('no sketch');
}

function words(count: number, random: () => number): string[] {
  return Array.from({ length: count }, () => `w${Math.floor(random() * 5000)}`);
}

/** The share that a sketch estimates, exactly. */
function jaccard(a: readonly string[], b: readonly string[]): number {
  const [left, right] = [shingles(a), shingles(b)];
  const common = left.intersection(right).size;
  return common / (left.size + right.size - common);
}

function shingles(all: readonly string[]): Set<string> {
  return new Set(all.slice(4).map((_, at) => all.slice(at, at + 5).join(' ')));
}

describe('a sketch', () => {
  it('is the same for the same text, in every version of Holdfast', () => {
    const bytes = sketch('The quick brown fox jumps over the lazy dog, and the dog sleeps on.');
    assert.equal(bytes.length, SKETCH_BYTES);
    assert.equal(Buffer.from(bytes.subarray(0, 16)).toString('hex'), '058080e880bfbfcc9fbf5605b3b3e8e8');
  });

  it('does not see letter case, punctuation and spaces', () => {
    const plain = sketch('the service restarts every night at two o clock');
    assert.deepEqual(sketch('The service restarts -- every night,\n\n at “two” o’clock!'), plain);
  });

  it('does not see where the parts of a large text end', () => {
    const text = words(60_000, seededRandom(5)).map((word, at) => (at % 3 === 0 ? `${word}ΌΣΟΣ` : word));
    const plain = sketch(text.join(' '));
    assert.deepEqual(sketch(text.join('   ')), plain);
    assert.deepEqual(sketch(text.join('\u2003')), plain, 'there is no place to end a part');
  });

  it('estimates how much two texts have in common', () => {
    const random = seededRandom(7);
    const errors: number[] = [];
    for (let round = 0; round < 200; round++) {
      const text = words(50 + Math.floor(random() * 1000), random);
      const share = random() * 0.2;
      const changed = text.map((word) => (random() < share ? 'changed' : word));
      const estimate = similarity(sketch(text.join(' ')), sketch(changed.join(' ')));
      errors.push(estimate - jaccard(text, changed));
    }
    const bias = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    assert.ok(Math.abs(bias) < 0.02, `bias ${bias}`);
    assert.ok(deviation < 0.06, `deviation ${deviation}`);
  });

  it('says 1 for equal texts and next to 0 for texts that share single words only', () => {
    const random = seededRandom(3);
    const [one, other] = [words(400, random), words(400, random)];
    assert.equal(similarity(sketch(one.join(' ')), sketch(one.join(' '))), 1);
    assert.ok(similarity(sketch(one.join(' ')), sketch(other.join(' '))) < 0.05);
  });

  it('tells short texts apart by all of their words', () => {
    assert.equal(similarity(sketch('Yes, always.'), sketch('yes always')), 1);
    assert.ok(similarity(sketch('yes always'), sketch('no never')) < 0.1);
  });

  it('reads scripts without spaces character by character', () => {
    const text = '每天凌晨两点备份数据库，并将副本存放在另一个数据中心。';
    const changed = text.replace('两', '三');
    const value = similarity(sketch(text), sketch(changed));
    assert.ok(value > 0.4 && value < 0.9, `${value}`);
  });

  it('is missing for a text without words', () => {
    assert.equal(sketchOf(''), null);
    assert.equal(sketchOf(' --- \n “…” '), null);
  });
});
