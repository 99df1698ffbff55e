import { noteBounce } from '../delivery/suppression.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Hint, LogParser, OpenSessions } from '../parser.ts';

/**
 * Notes what a parser has to say of a log as a whole, once it was read to its end: what the log cannot witness, and
 * our own reports that came back.
 * @param more what else there is to say of the log
 * @returns all hints
 */
export async function noteFindings(
  ledger: Ledger,
  logId: number,
  parser: LogParser,
  table: OpenSessions & { keys(): IterableIterator<string> },
  more: readonly Hint[],
): Promise<readonly Hint[]> {
  for (const { recipient, time } of parser.returned?.(table, table.keys()) ?? [])
    await noteBounce(ledger, `mailto:${recipient}`, time);
  const hints = [...(parser.hints?.(table, table.keys()) ?? []), ...more];
  const note = hints.map(({ id, text }) => ({ id, text }));
  const name = `hints:${logId}`;
  // A reading costs less than a writing, and they seldom change.
  if (JSON.stringify(await ledger.note(name)) !== JSON.stringify(note)) await ledger.setNote(name, note);
  return hints;
}
