import type { OpenSessions } from 'maillog-tlsrpt/parser';
import type { EntryHead } from './reading.ts';

/** What a host's lines said of its setup, each the beginning of a hint. */
export const NOTICES = ['native-tlsrpt', 'dnssec-unavailable', 'policy-table', 'next-hop-unknown'] as const;
export type Notice = (typeof NOTICES)[number];

const PREFIX = 'notice ';
/** A notice that was not repeated for so long, in log time, is over: somebody put it right. */
const NOTICE_S = 2 * 86_400;
/** Writing it down anew for every line would cost more than it is worth. */
const REFRESH_MS = 3_600_000;

/** Notes that a line of the entry's host said so. */
export function notice({ host, time }: EntryHead, open: OpenSessions, what: Notice): void {
  const key = `${PREFIX}${what} ${host}`;
  const known = open.get(key)?.['time'];
  if (typeof known === 'number' && Math.abs(time - known) < REFRESH_MS) return;
  open.set(key, { time }, NOTICE_S);
}

/** The notices in the table, each once. */
export function noticesIn(keys: readonly string[]): Set<Notice> {
  return new Set(NOTICES.filter((what) => keys.some((key) => key.startsWith(`${PREFIX}${what} `))));
}
