import { LAG_MS } from '../fleet.ts';
import type { Log } from '../ledger/ledger.ts';
import type { Check } from './deps.ts';
import { ok, warn } from './finding.ts';

/** Mails sent and not found again in the log, before that is taken for more than lag. */
const ENOUGH = 5;
/** Of the newest sendings only so many are looked at. */
const NEWEST = 1000;
/** A log that was read so much longer ago than another is not read any more, ms. */
const GIVEN_UP_MS = 86_400_000;

/** Whether our own reports are known again in the log: else each day's reports are the next day's sessions. */
export const checkLoops: Check = async ({ ledger, config }) => {
  if (ledger instanceof Error) return [];
  // What went out just now cannot have been read again yet.
  const until = readUntil(await ledger.logs()) - LAG_MS;
  const sent = (await ledger.fates(['sent'], NEWEST)).filter(
    ({ rua, lastTriedAt = 0 }) => rua.toLowerCase().startsWith('mailto:') && lastTriedAt <= until,
  ).length;
  if (sent < ENOUGH) return [];
  const sender = config.mail.from ?? config.contact;
  if ((await ledger.ownSessions()) > 0)
    return [ok('loops', 'the sessions of our own reports are known in the log and left out')];
  return [
    warn(
      'loops',
      `${sent} reports were mailed, yet no session in the logs is known to have carried one`,
      `let the envelope sender ${sender} stay as it is (sender_canonical_maps, SRS), or name in mail.from the address the log shows`,
    ),
  ];
};

/** UTC ms to which all logs were read that are read at all; long ago if none was. */
function readUntil(logs: readonly Log[]): number {
  const ends = logs.flatMap(({ readToEndAt }) => readToEndAt ?? []);
  const newest = ends.reduce((latest, end) => Math.max(latest, end), Number.NEGATIVE_INFINITY);
  return ends
    .filter((end) => newest - end < GIVEN_UP_MS)
    .reduce((least, end) => Math.min(least, end), newest);
}
