import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../../../test/random.ts';
import { NEAR_DUPLICATE, SketchGroups } from './sketch-groups.ts';
import { similarity, sketchOf, type Sketch } from './sketch.ts';

const random = seededRandom(11);

function words(count: number): string[] {
  return Array.from({ length: count }, () => `w${Math.floor(random() * 20_000)}`);
}

function sketch(text: readonly string[]): Sketch {
  return sketchOf(text.join(' ')) ?? assert.fail('no sketch');
}

/** The text with every `step`th word replaced. */
function changed(text: readonly string[], step: number): string[] {
  return text.map((word, at) => (at % step === step - 1 ? `x${Math.floor(random() * 20_000)}` : word));
}

describe('groups of sketches', () => {
  it('hold every planted near duplicate and nothing else', () => {
    const texts = Array.from({ length: 300 }, () => words(300));
    const sketches = texts.map(sketch);
    const groups = new SketchGroups(600);
    for (const [at, one] of sketches.entries())
      assert.deepEqual(groups.add(one), { leader: at, similarity: 1 });
    for (const [at, text] of texts.entries()) {
      const copy = sketch(changed(text, 60));
      const expected = similarity(copy, sketches[at] ?? copy);
      const placed = groups.add(copy);
      if (expected < NEAR_DUPLICATE) assert.equal(placed.leader, 300 + at);
      else assert.deepEqual(placed, { leader: at, similarity: expected });
    }
  });

  it('put equal sketches together, however many there are', () => {
    const one = sketch(words(50));
    const groups = new SketchGroups(5000);
    for (let at = 0; at < 5000; at++) assert.deepEqual(groups.add(one), { leader: 0, similarity: 1 });
  });

  it('do not chain: a member resembles the first one, not a neighbour only', () => {
    const groups = new SketchGroups(10);
    let text = words(400);
    const first = sketch(text);
    const leaders = new Set<number>();
    for (let at = 0; at < 10; at++) {
      const one = sketch(text);
      const { leader } = groups.add(one);
      leaders.add(leader);
      if (leader === 0) assert.ok(similarity(first, one) >= NEAR_DUPLICATE);
      text = changed(text, 50 + at);
    }
    assert.ok(leaders.size > 1);
  });

  it('take as many as they were made for', () => {
    const groups = new SketchGroups(1);
    assert.equal(groups.add(sketch(words(20))).leader, 0);
  });
});
