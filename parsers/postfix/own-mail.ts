import { type LogEntry, type OpenSessions, type ReturnedReport, toDomain } from 'maillog-tlsrpt/parser';
import { leadingQueueId } from './queue-id.ts';

/**
 * The queue manager names the sender anew for each attempt, so this needs to last for one; and a short queue id that
 * comes back for another message is hardly ever met within it.
 */
const DAY_S = 86_400;

/**
 * Reads `Q: from=<sender>, size=…` of the queue manager: whether the message is one of our reports (RFC 8460 §3: their
 * sessions are not reported). Returns false for any other line.
 */
export function readSender({ host, message }: LogEntry, open: OpenSessions, ownSender: string): boolean {
  const id = leadingQueueId(message);
  if (id === undefined || !message.startsWith(`from=<${ownSender}>, `, id.length + 2)) return false;
  open.set(ownKey(host, id), {}, DAY_S);
  return true;
}

/** Whether the message with this queue id is one of our reports. */
export function isOwn(host: string, queueId: string, open: OpenSessions): boolean {
  return open.get(ownKey(host, queueId)) !== undefined;
}

/** Postfix gives a report of ours back: kept for a while, for the core asks only at the end of a pass. */
export function noteReturn(
  { host, time }: LogEntry,
  queueId: string,
  recipient: string,
  open: OpenSessions,
): void {
  const at = recipient.lastIndexOf('@');
  if (!isOwn(host, queueId, open) || toDomain(recipient.slice(at + 1)) === undefined) return;
  open.set(`${RETURNED}${recipient}`, { time }, DAY_S);
}

/** The reports that came back lately (RFC 8460 says nothing of them; who refuses us wants no more for a while). */
export function returnedReports(open: OpenSessions, keys: Iterable<string>): ReturnedReport[] {
  return [...keys]
    .filter((key) => key.startsWith(RETURNED))
    .map((key) => ({ recipient: key.slice(RETURNED.length), time: Number(open.get(key)?.['time'] ?? 0) }));
}

const RETURNED = 'returned ';

function ownKey(host: string, queueId: string): string {
  return `own ${host} ${queueId}`;
}
