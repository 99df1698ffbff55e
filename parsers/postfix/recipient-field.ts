/**
 * Finds where an address field ends: the offset of the `>` that Postfix wrote, not one of a local part.
 *
 * From 3.5 on addresses are logged in their external form, so a local part with special characters is a quoted string
 * and can be read from the left without doubt. Before, it stands unquoted and may hold a whole false line; those are
 * told apart by {@link laterRelay}.
 */
export function addressEnd(text: string, start: number): number {
  const from = text.charCodeAt(start) === QUOTE ? behindQuotedString(text, start) : start;
  return text.indexOf('>', from);
}

const QUOTE = 34;
const BACKSLASH = 92;

/** RFC 5321 §4.1.2: the first quote that no backslash takes away ends the string. */
function behindQuotedString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return text.length;
}
