/**
 * The items of a list as Exim writes it, without the empty ones. `<` and a sign at its head name another separator, and a
 * separator that is written twice stands for itself: `a::587:b` and `<;a:587;b` are the same.
 */
export function eximList(text: string, separator = ':'): string[] {
  const [, told, rest = text] = /^\s*<([^\w\s])(.*)$/.exec(text) ?? [];
  const mark = told ?? separator;
  return rest
    .split(mark)
    .join('\n')
    .replaceAll('\n\n', mark)
    .split('\n')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
