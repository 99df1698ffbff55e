import { type OpenSessions, type ReturnedReport, toDomain } from 'maillog-tlsrpt/parser';
import { leadingQueueId } from './queue-id.ts';

/**
 * The queue manager names the sender anew for each attempt, so this needs to last for one; and a short queue id that
 * comes back for another message is hardly ever met within it.
 */
const DAY_S = 86_400;

/** The keys under which a host's own reports are remembered. */
export class OwnKeys {
  /** That there are any: the key is set with each of the others, so it outlives them all. */
  readonly any: string;
  readonly #message: string;

  constructor(host: string) {
    this.any = `owns ${host}`;
    this.#message = `own ${host} `;
  }

  message(queueId: string): string {
    return this.#message + queueId;
  }
}

/**
 * Reads `Q: from=<sender>, size=…` of the queue manager: whether the message is one of our reports (RFC 8460 §3: their
 * sessions are not reported). Returns false for any other line.
 */
export function readSender(message: string, keys: OwnKeys, open: OpenSessions, ownSender: string): boolean {
  const id = leadingQueueId(message);
  if (id === undefined || !message.startsWith(`from=<${ownSender}>, `, id.length + 2)) return false;
  open.set(keys.message(id), {}, DAY_S);
  open.set(keys.any, {}, DAY_S);
  return true;
}

/**
 * Whether the message with this queue id is one of our reports. In logs from before the first one, which is what a
 * backfill reads, there are none, and no queue id needs to be looked up.
 */
export function isOwn(keys: OwnKeys, queueId: string, open: OpenSessions): boolean {
  return open.get(keys.any) !== undefined && open.get(keys.message(queueId)) !== undefined;
}

/** Postfix gives a report of ours back: kept for a while, for the core asks only at the end of a pass. */
export function noteReturn(
  time: number,
  keys: OwnKeys,
  queueId: string,
  recipient: string,
  open: OpenSessions,
): void {
  const at = recipient.lastIndexOf('@');
  if (!isOwn(keys, queueId, open) || toDomain(recipient.slice(at + 1)) === undefined) return;
  open.set(`${RETURNED}${recipient}`, { time }, DAY_S);
}

/** The reports that came back lately (RFC 8460 says nothing of them; who refuses us wants no more for a while). */
export function returnedReports(open: OpenSessions, keys: Iterable<string>): ReturnedReport[] {
  return [...keys]
    .filter((key) => key.startsWith(RETURNED))
    .map((key) => ({ recipient: key.slice(RETURNED.length), time: Number(open.get(key)?.['time'] ?? 0) }));
}

const RETURNED = 'returned ';
