/** A time (UTC ms) as RFC 3339 has it, whole seconds without a fraction. */
export function isoTime(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

/** A time (UTC ms, or as RFC 3339 has it in UTC) to the minute, for people: `2026-11-24 05:00`. */
export function minuteText(time: number | string): string {
  const text = typeof time === 'string' ? time : isoTime(time);
  return text.slice(0, 16).replace('T', ' ');
}
