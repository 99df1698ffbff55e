import type { Day } from '../day.ts';
import type { Ledger } from '../ledger/ledger.ts';

const NOTE = 'folded-details';
/** Days remembered; who wants to know of older ones has the reports themselves. */
const MAX_DAYS = 60;

/** Reports of a day in which the rarest failure details stand folded, one a result type: the counts are whole. */
export interface FoldedDay {
  readonly day: Day;
  readonly reports: number;
  /** Details that stand in them no more. */
  readonly details: number;
}

/** What was folded in the reports of each day, oldest first. */
export async function foldedDays(ledger: Ledger): Promise<FoldedDay[]> {
  const noted = await ledger.note(NOTE);
  return Array.isArray(noted) ? (noted as unknown as FoldedDay[]) : [];
}

/** Notes that details were folded in reports that were just built, by day. */
export async function noteFolded(ledger: Ledger, news: readonly FoldedDay[]): Promise<void> {
  if (news.length === 0) return;
  const days = new Map((await foldedDays(ledger)).map((known) => [known.day, known]));
  for (const { day, reports, details } of news) {
    const known = days.get(day);
    days.set(day, {
      day,
      reports: reports + (known?.reports ?? 0),
      details: details + (known?.details ?? 0),
    });
  }
  const kept = [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1)).slice(-MAX_DAYS);
  await ledger.setNote(
    NOTE,
    kept.map((one) => ({ ...one })),
  );
}
