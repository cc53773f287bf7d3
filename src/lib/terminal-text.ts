import { replaceControls, withoutInvisible } from './invisible.ts';

/** What JSON leaves in strings although a terminal, or a person, may be misled by it. */
const LEFT_BY_JSON = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A text that cannot control the terminal that shows it: control characters become visible. */
export function terminalText(text: string): string {
  return replaceControls(withoutInvisible(text), '\ufffd');
}

/** The same JSON document, with nothing in its strings that a terminal could obey. */
export function terminalJson(json: string): string {
  return json.replaceAll(
    LEFT_BY_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
