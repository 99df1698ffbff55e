/** A time (UTC ms) as RFC 3339 has it, whole seconds without a fraction. */
export function isoTime(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
