import { noteBounce } from '../delivery/suppression.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Hint, LogParser, OpenSessions } from '../parser.ts';
import { packageVersion } from '../version.ts';
import { noteUnknown, type UnknownCount } from './unknown-lines.ts';

/** A log that was read to its end. */
export interface ReadLog {
  readonly id: number;
  readonly parserName: string;
  readonly parser: LogParser;
  readonly table: OpenSessions & { keys(): IterableIterator<string> };
}

/** What is new about it. */
export interface News {
  readonly unknown: UnknownCount;
  /** UTC ms. */
  readonly at: number;
  /** What else there is to say of the log. */
  readonly more: readonly Hint[];
}

/**
 * Notes what there is to say of a log as a whole, once it was read to its end: what it cannot witness, lines that no
 * rule knows, and our own reports that came back.
 * @returns all hints
 */
export async function noteFindings(ledger: Ledger, log: ReadLog, news: News): Promise<readonly Hint[]> {
  const { id, parserName, parser, table } = log;
  for (const { recipient, time } of parser.returned?.(table, table.keys()) ?? [])
    await noteBounce(ledger, `mailto:${recipient}`, time);
  const unknown = await noteUnknown(ledger, id, parserName, packageVersion(), news.unknown, news.at);
  const hints = [...(parser.hints?.(table, table.keys()) ?? []), ...news.more, ...unknown];
  const note = hints.map(({ id: hint, text }) => ({ id: hint, text }));
  const name = `hints:${id}`;
  // A reading costs less than a writing, and they seldom change.
  if (JSON.stringify(await ledger.note(name)) !== JSON.stringify(note)) await ledger.setNote(name, note);
  return hints;
}
