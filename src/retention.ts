import { forgetAlerts } from './alerts/watch.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { addDays, type Day, dayOf } from './day.ts';
import { forgetSuppressions } from './delivery/suppression.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { JsonValue } from './parser.ts';
import { forgetGaps } from './reading/trail.ts';

const DAY_MS = 86_400_000;
const TIDIED = 'tidied';
/** Notes of a log that are made anew when it is read again. */
const NOTE_OF_LOG = /^(?:seen|hints|unknown):(\d+)$/;
/** Notes that carry the time they were last of use, as `at`. */
const DATED_NOTE = /^(?:detected:|unknown:|last-run:|alert-fault$|host:|left-out:)/;

/** What forgetting needs. */
export interface RetentionDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly config: Pick<Config, 'keep' | 'delivery' | 'alerts'>;
}

/**
 * Drops finished days `keep` after they were read, so that a backfilled year is not dropped on the day it was read;
 * and, once a day, whatever else of the ledger nobody has needed for so long.
 */
export async function prune({ ledger, clock, config }: RetentionDeps): Promise<void> {
  const now = clock.now();
  const before = now - config.keep;
  const day = oldestDay(now, config.delivery);
  await ledger.prune(day, before);
  if ((await ledger.note(TIDIED)) === dayOf(now)) return;
  await ledger.tidy(day, before, now);
  await forgetNotes(ledger, before);
  await forgetSuppressions(ledger, before);
  await forgetAlerts(ledger, before);
  await ledger.setNote(TIDIED, dayOf(now));
}

/** Days before this one are sent no more, whatever `keep` is. */
function oldestDay(now: number, delivery: Config['delivery']): Day {
  const days = Math.ceil((delivery['max-age'] + delivery['retry-for']) / DAY_MS) + 1;
  return addDays(dayOf(now), -days);
}

/** What was noted of logs that are not read any more, of files looked at and of machines that ran, all long ago. */
async function forgetNotes(ledger: Ledger, before: number): Promise<void> {
  const dead = new Set<number>();
  for (const { id, readAt } of await ledger.logs()) {
    if (readAt === undefined || readAt >= before) continue;
    dead.add(id);
    await forgetGaps(ledger, id, before);
  }
  const old: string[] = [];
  for (const name of await ledger.noteNames()) {
    const logId = NOTE_OF_LOG.exec(name)?.[1];
    if (logId !== undefined && dead.has(Number(logId))) old.push(name);
    else if (DATED_NOTE.test(name) && isOlder(await ledger.note(name), before)) old.push(name);
  }
  // A machine that has long not run tells no counters any more.
  const machines = old.filter((name) => name.startsWith('last-run:'));
  await ledger.dropNotes([...old, ...machines.map((name) => name.replace('last-run:', 'metrics:'))]);
}

function isOlder(note: JsonValue | undefined, before: number): boolean {
  if (typeof note !== 'object' || note === null || Array.isArray(note)) return false;
  const { at } = note;
  return typeof at === 'number' && at < before;
}
