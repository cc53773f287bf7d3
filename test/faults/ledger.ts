import assert from 'node:assert/strict';
import type { Revision } from './revision.ts';

/** What an item holds; null: it is not there. */
export type Content = Revision | null;

/**
 * What a client knows: for every item the content that was acknowledged last, and what it asked for since then
 * without hearing back. After a crash an item must hold one of them, and from then on nothing else.
 */
export class Ledger {
  readonly #acknowledged = new Map<string, Content>();
  readonly #asked = new Map<string, Content[]>();
  /** Markers of contents that are gone for good. */
  #superseded: string[] = [];

  keys(): readonly string[] {
    return [...new Set([...this.#acknowledged.keys(), ...this.#asked.keys()])];
  }

  /** Items that were asked for and not acknowledged. */
  openKeys(): readonly string[] {
    return [...this.#asked.keys()];
  }

  acknowledgedOf(key: string): Content {
    return this.#acknowledged.get(key) ?? null;
  }

  ask(key: string, content: Content): void {
    this.#asked.set(key, [...(this.#asked.get(key) ?? []), content]);
  }

  acknowledge(key: string, content: Content): void {
    this.#supersede([this.acknowledgedOf(key), ...(this.#asked.get(key) ?? [])], content);
    this.#asked.delete(key);
    this.#acknowledged.set(key, content);
  }

  /** Takes what was found after a crash as the truth from now on; fails when it may not be there. */
  settle(key: string, found: readonly string[]): void {
    const allowed = [this.acknowledgedOf(key), ...(this.#asked.get(key) ?? [])];
    const match = allowed.find((content) => isSame(content, found));
    assert.ok(
      match !== undefined,
      `${key} holds ${describe(found)}, but only this was sent: ${allowed.map((content) => describe(content?.texts ?? [])).join(' | ')}`,
    );
    this.acknowledge(key, match);
  }

  /** Markers that no search may find any more, since the last call. */
  takeSuperseded(): readonly string[] {
    const live = new Set([...this.#acknowledged.values()].flatMap((content) => content?.marker ?? []));
    const gone = this.#superseded.filter((marker) => !live.has(marker));
    this.#superseded = [];
    return gone;
  }

  #supersede(before: readonly Content[], now: Content): void {
    for (const content of before)
      if (content !== null && content.marker !== now?.marker) this.#superseded.push(content.marker);
  }
}

function isSame(content: Content, found: readonly string[]): boolean {
  const texts = content?.texts ?? [];
  return texts.length === found.length && texts.every((text, at) => text === found[at]);
}

function describe(texts: readonly string[]): string {
  if (texts.length === 0) return 'nothing';
  return texts.map((text) => `"${text.slice(0, 12)}..." (${text.length})`).join(', ');
}
