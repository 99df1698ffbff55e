const BLANK = 32;
const QUOTE = 34;
const LESS = 60;
const GREATER = 62;
const BACKSLASH = 92;
/** Longer than any address Exim takes. */
export const LONGEST_ADDRESS = 2000;

/**
 * Index behind `<address>`, whose local part may hold quoted strings with anything in them.
 * @param index of the `<`.
 * @returns -1 if there is no end, or something between that no address holds unquoted.
 */
export function behindAngle(text: string, index: number): number {
  let quoted = false;
  const end = Math.min(text.length, index + LONGEST_ADDRESS);
  for (let at = index + 1; at < end; at++) {
    const code = text.charCodeAt(at);
    if (quoted && code === BACKSLASH) at += 1;
    else if (code === QUOTE) quoted = !quoted;
    else if (code === GREATER && !quoted) return at + 1;
    else if (!quoted && (code <= BLANK || code === LESS)) return -1;
  }
  return -1;
}

/** The address as Exim logs it bare: quotes taken away, what they escape kept. */
export function unquoted(address: string): string {
  const at = address.lastIndexOf('@');
  return address.slice(0, at).replace(/\\(.)|"/g, '$1') + address.slice(at);
}
