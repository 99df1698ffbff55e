import { recipientDomain } from './next-hop.ts';
import { type PeerText, readPeer } from './peer.ts';
import { addressEnd } from './recipient-field.ts';
import { readTlsField, type TlsField } from './tls-field.ts';

/** A delivery status line (postfix: global/log_adhoc.c), as far as sessions need it. */
export interface DeliveryLine {
  /** Of the recipient; never of `orig_to=`, for mail goes where the rewritten address leads. */
  readonly domain: string | undefined;
  /** The server mail was offered to last; undefined for `none`, `local` and the like. */
  readonly relay: PeerText | undefined;
  /** A TCP connection that carried mail before: its handshake was told then. */
  readonly reused: boolean;
  /** The first three figures of `delays=`: equal for all recipients of one connection, and hardly ever for two. */
  readonly delays: string;
  /** Seconds from the begin of the request to this line: connecting plus transmitting. */
  readonly duration: number;
  readonly tls: TlsField | undefined;
  /** What stands behind `status=… (`, less the last parenthesis; undefined where the line was cut before it. */
  readonly reason: string | undefined;
  /** The last parenthesis is missing, and with it who knows how much of the reason. */
  readonly isCut: boolean;
  /** `dsn=2.…`: the mail was taken. */
  readonly isDelivered: boolean;
}

/** The same, from its text. */
export interface DeliveryText extends DeliveryLine {
  /** As logged. */
  readonly recipient: string;
  /** `status=bounced`: the sender gets it back. */
  readonly bounced: boolean;
}

const RELAY = '>, relay=';
const ORIG_TO = '>, orig_to=<';
/** A line that offers more places than this to begin `relay=` at is not worth the search. */
const MOST_PLACES = 20;

/**
 * Reads a delivery line whose queue id ends before `start`; undefined for any other. Fields are not escaped, so they
 * are read in order from the left, each at the very place where the one before it ended.
 * @param known the receiver this process is known to talk to, to tell Postfix's own `relay=` from one that an
 * unquoted local part imitates (3.4 and older).
 */
export function readDelivery(
  message: string,
  start: number,
  known: string | undefined,
): DeliveryText | undefined {
  if (!message.startsWith('to=<', start)) return undefined;
  const recipientStart = start + 4;
  const recipientEnd = addressEnd(message, recipientStart);
  const relayAt = relayStart(message, recipientEnd);
  const first = relayAt < 0 ? undefined : readBehindRelay(message, recipientStart, recipientEnd, relayAt);
  if (known === undefined || first?.relay?.name === known) return first;
  return laterRelay(message, recipientStart, known) ?? first;
}

/** Recipient and receiver of a delivery line that was cut behind them. */
export function readDeliveryHead(
  message: string,
  start: number,
): Pick<DeliveryLine, 'domain' | 'relay'> | undefined {
  const recipientEnd = addressEnd(message, start + 4);
  const relayAt = relayStart(message, recipientEnd);
  if (relayAt < 0) return undefined;
  const relay = readPeer(message, relayAt);
  const isWhole = relay !== undefined && message.startsWith(',', relay.end);
  return {
    domain: recipientDomain(message.slice(start + 4, recipientEnd)),
    relay: isWhole ? relay : undefined,
  };
}

/** Where the value of `relay=` begins, `orig_to=<…>` before it passed over; -1 if it does not follow. */
function relayStart(message: string, addressStop: number): number {
  if (addressStop < 0) return -1;
  if (message.startsWith(RELAY, addressStop)) return addressStop + RELAY.length;
  if (!message.startsWith(ORIG_TO, addressStop)) return -1;
  const end = addressEnd(message, addressStop + ORIG_TO.length);
  return end >= 0 && message.startsWith(RELAY, end) ? end + RELAY.length : -1;
}

/** An unquoted local part may hold `>, relay=…`: believe the place that names the receiver known from its own lines. */
function laterRelay(message: string, recipientStart: number, known: string): DeliveryText | undefined {
  let end = message.indexOf(RELAY, recipientStart);
  for (let place = 0; end >= 0 && place < MOST_PLACES; place++) {
    const relayAt = end + RELAY.length;
    if (readPeer(message, relayAt)?.name === known) {
      const original = message.lastIndexOf(ORIG_TO, end);
      const isField = original > recipientStart && !message.slice(original + 1, end).includes('>');
      const recipientEnd = isField ? original : end;
      const line = readBehindRelay(message, recipientStart, recipientEnd, relayAt);
      if (line !== undefined) return line;
    }
    end = message.indexOf(RELAY, relayAt);
  }
  return undefined;
}

function readBehindRelay(
  message: string,
  recipientStart: number,
  recipientEnd: number,
  relayAt: number,
): DeliveryText | undefined {
  const relay = readPeer(message, relayAt);
  const relayEnd = relay?.end ?? message.indexOf(', ', relayAt);
  if (relayEnd < 0) return undefined;
  let at = relayEnd;
  let reused = false;
  if (message.startsWith(', conn_use=', at)) {
    reused = true;
    at = message.indexOf(', ', at + 11);
  }
  if (at < 0 || !message.startsWith(', delay=', at)) return undefined;
  const delaysAt = message.indexOf(', delays=', at + 8);
  if (delaysAt < 0 || delaysAt - at > 40) return undefined;
  const delaysStart = delaysAt + 9;
  const delaysEnd = message.indexOf(', ', delaysStart);
  if (delaysEnd < 0 || delaysEnd - delaysStart > 60) return undefined;
  const lastSlash = message.lastIndexOf('/', delaysEnd);
  const thirdSlash = message.lastIndexOf('/', lastSlash - 1);
  if (thirdSlash < delaysStart) return undefined;
  const recipient = message.slice(recipientStart, recipientEnd);
  return {
    recipient,
    domain: recipientDomain(recipient),
    relay,
    reused,
    delays: message.slice(delaysStart, lastSlash),
    duration:
      seconds(message.slice(thirdSlash + 1, lastSlash)) + seconds(message.slice(lastSlash + 1, delaysEnd)),
    ...readTail(message, delaysEnd),
  };
}

type Tail = Pick<DeliveryText, 'tls' | 'reason' | 'isCut' | 'isDelivered' | 'bounced'>;
const NO_TAIL: Tail = {
  tls: undefined,
  reason: undefined,
  isCut: true,
  isDelivered: false,
  bounced: false,
};

/** `[, tls=F], dsn=d.d.d, status=S (REASON)`. */
function readTail(message: string, start: number): Tail {
  let at = start;
  let tls: TlsField | undefined;
  if (message.startsWith(', tls=', at)) {
    const end = message.indexOf(', ', at + 6);
    if (end < 0) return NO_TAIL;
    tls = readTlsField(message.slice(at + 6, end));
    at = end;
  }
  if (!message.startsWith(', dsn=', at)) return { ...NO_TAIL, tls };
  const isDelivered = message.startsWith('2.', at + 6);
  const statusAt = message.indexOf(', status=', at + 6);
  if (statusAt < 0 || statusAt - at > 30) return { ...NO_TAIL, tls, isDelivered };
  const open = message.indexOf(' (', statusAt + 9);
  if (open < 0 || open - statusAt > 50) return { ...NO_TAIL, tls, isDelivered };
  const isCut = !message.endsWith(')');
  return {
    tls,
    reason: message.slice(open + 2, isCut ? message.length : -1),
    isCut,
    isDelivered,
    bounced: message.startsWith('bounced (', statusAt + 9),
  };
}

function seconds(text: string): number {
  const value = Number(text);
  return value >= 0 && value < 1e6 ? value : 0;
}
