/** What an embedding model sees of a passage: title, headings and text, one below the other. */
export function passageText(title: string, headingPath: readonly string[], text: string): string {
  const lines = [title, ...headingPath.filter((heading) => heading !== title), text];
  return lines.filter((line) => line !== '').join('\n');
}
