import type { Check } from './deps.ts';
import { ok, warn } from './finding.ts';

/** Mails sent and not found again in the log, before that is taken for more than lag. */
const ENOUGH = 5;

/** Whether our own reports are known again in the log: else each day's reports are the next day's sessions. */
export const checkLoops: Check = async ({ ledger, config }) => {
  if (ledger instanceof Error) return [];
  const sums = await ledger.outboxSums();
  const sent = sums
    .filter(({ scheme, state }) => scheme === 'mailto' && state === 'sent')
    .reduce((total, { count }) => total + count, 0);
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
