import type { DeliveryLine } from './delivery-line.ts';
import { readPeer } from './peer.ts';
import { NO_STATUS, NOT_OFFERED, OTHER, type Reason, REFUSED, REQUIRETLS, readReason } from './reasons.ts';

/**
 * Why a delivery ended as it did; undefined where the line was cut before it could be told. Who receives a log may cut
 * its lines long before the length at which Postfix does.
 */
export function reasonOf({ reason, isCut, isDelivered }: DeliveryLine): Reason | undefined {
  if (reason !== undefined && !isCut) return readReason(reason);
  // Mail that was taken ended by no trouble, whatever the server said to it.
  if (isDelivered) return OTHER;
  return reason === undefined ? undefined : readCutReason(reason);
}

/**
 * Texts that a cut one may be the beginning of. Those that tell nothing of a TLS session, yet do not say that its mail
 * was offered in clear text either, are all alike here.
 */
const BEGINNINGS: readonly (readonly [string, Reason['kind']])[] = [
  ['Cannot start TLS: handshake failure', 'handshake'],
  ['Server certificate not verified', 'certificate'],
  ['Server certificate not trusted', 'certificate'],
  [NOT_OFFERED, 'starttls'],
  [REFUSED, 'starttls'],
  ['TLS is required, but our TLS engine is unavailable', 'no-session'],
  ['TLS is required, but unavailable', 'no-session'],
  ['TLSA ', 'no-session'],
  ['Temporary lookup error', 'no-session'],
  ['Sender requested REQUIRETLS, but ', 'requiretls-certificate'],
  ['REQUIRETLS ', 'requiretls-certificate'],
  ['SMTPUTF8 is required, but was not offered by host ', 'no-session'],
  [NO_STATUS, 'no-session'],
  ['client TLS configuration problem', 'no-session'],
  ['connect to ', 'no-session'],
  ['conversation with ', 'no-session'],
  ['host ', 'no-session'],
  ['local data error while talking to ', 'no-session'],
  ['lost connection with ', 'no-session'],
  ['mail for ', 'no-session'],
  ['message requires SMTPUTF8, but ', 'no-session'],
];

function readCutReason(text: string): Reason | undefined {
  if (text.startsWith(NO_STATUS)) return readCutReason(text.slice(NO_STATUS.length));
  const kinds = new Set(BEGINNINGS.filter(([whole]) => whole.startsWith(text)).map(([, kind]) => kind));
  const [kind] = kinds;
  if (kind === undefined) return readBeginning(text);
  return kinds.size === 1 && kind !== 'requiretls-certificate' ? { kind } : undefined;
}

/** What goes on behind one of the beginnings, or is the server's word. */
function readBeginning(text: string): Reason | undefined {
  if (text.startsWith(REFUSED)) {
    const peer = readPeer(text, REFUSED.length)?.name;
    return { kind: 'starttls', ...(peer !== undefined && { peer }) };
  }
  const reason = readReason(text);
  const { kind } = reason;
  // Where a connection broke stands at the end, and so does the host whose records could not be found.
  if (kind === 'lost') return { ...reason, kind: 'hello' };
  if (kind === 'policy') return undefined;
  if (REQUIRETLS.test(text)) return kind === 'local' || kind === 'other' ? undefined : reason;
  return kind === 'other' && mayBeNoAnswer(text) ? { kind: 'no-session' } : reason;
}

/** Whether the server need not have been asked to take mail. */
function mayBeNoAnswer(text: string): boolean {
  if (text.startsWith('mail for ') || text.startsWith('REQUIRETLS ')) return true;
  if (!text.startsWith('host ')) return false;
  const nameEnd = text.indexOf(' ', 5);
  return nameEnd < 0 || !text.startsWith(' said: ', nameEnd);
}
