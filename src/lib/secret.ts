import { inspect } from 'node:util';

/** A text that no log line, JSON or message shows; only `reveal` gives it away. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return 'set';
  }

  toJSON(): string {
    return 'set';
  }

  [inspect.custom](): string {
    return 'Secret(set)';
  }
}
