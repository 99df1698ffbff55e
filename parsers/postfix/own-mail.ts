import type { LogEntry, OpenSessions } from 'maillog-tlsrpt/parser';
import { leadingQueueId } from './queue-id.ts';

/** Longer than any delay between two lines of the queue manager for one message (maximal_queue_lifetime). */
const WEEK_S = 7 * 86_400;

/**
 * Reads `Q: from=<sender>, size=…` of the queue manager: whether the message is one of our reports (RFC 8460 §3: their
 * sessions are not reported). A queue id that comes back with another sender is another message.
 */
export function readSender(entry: LogEntry, open: OpenSessions, ownSender: string): boolean {
  const id = leadingQueueId(entry.message);
  if (id === undefined) return false;
  const at = id.length + 2;
  if (!entry.message.startsWith('from=<', at)) return false;
  const key = ownKey(entry.host, id);
  const ends = at + 6 + ownSender.length;
  const isOwn =
    entry.message.slice(at + 6, ends).toLowerCase() === ownSender.toLowerCase() &&
    entry.message.startsWith('>, ', ends);
  if (isOwn) open.set(key, {}, WEEK_S);
  else if (open.get(key) !== undefined) open.delete(key);
  return true;
}

/** Whether the message with this queue id is one of our reports. */
export function isOwn(host: string, queueId: string, open: OpenSessions): boolean {
  return open.get(ownKey(host, queueId)) !== undefined;
}

function ownKey(host: string, queueId: string): string {
  return `own ${host} ${queueId}`;
}
