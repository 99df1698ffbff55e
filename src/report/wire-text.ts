/** Longer texts are cut: a receiver gains nothing from them, and strangers write some of them. */
const MAX_LENGTH = 1000;

/**
 * A text as it may stand in a report: I-JSON (RFC 7493 §2.1), no control characters, at most 1 000 characters.
 * @returns undefined where nothing is left, for an empty text makes receivers refuse the report
 */
export function wireText(text: string): string | undefined {
  const clean = text
    .replace(/[\p{Surrogate}\p{Noncharacter_Code_Point}]/gu, '\uFFFD')
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
  const cut = [...clean].slice(0, MAX_LENGTH).join('');
  return cut === '' ? undefined : cut;
}

/** The texts that are left after {@link wireText}, in their order. */
export function wireTexts(texts: readonly string[]): string[] {
  return texts.map(wireText).filter((text) => text !== undefined);
}
