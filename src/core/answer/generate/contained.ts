import { replaceControls, withoutInvisible } from '../../../lib/invisible.ts';

/** Tags of our own prompt, and of the templates that servers put around messages. */
const OWN_TAG = /<(?=\s*\/?\s*(?:passages?|question|system|user|assistant|instructions?)\b)/gi;
const TEMPLATE_TAG =
  /<(?=[|｜][^|｜>\n]{1,60}[|｜]|\/?(?:s|bos|eos|unk|pad)>|(?:start|end)_of_\w+>|<?\/?SYS>)/gi;
const TEMPLATE_BRACKET = /\[(?=\/?(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])/gi;

/**
 * A text for a place in the prompt that it cannot leave: it holds no tag that ends the place, no token that a model
 * takes for the end of a message, and nothing that nobody sees. Everything else stays, so that it can be quoted.
 */
export function contained(text: string): string {
  return replaceControls(withoutInvisible(text), '')
    .replaceAll(OWN_TAG, '< ')
    .replaceAll(TEMPLATE_TAG, '< ')
    .replaceAll(TEMPLATE_BRACKET, '[ ');
}

/** The same for the value of an attribute in quotes. */
export function containedAttribute(text: string): string {
  return contained(text)
    .replaceAll(/["<>\s]+/g, ' ')
    .trim();
}
