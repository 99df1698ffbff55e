import { type ByteEntry, ByteMemo, BytePattern, toAddress } from 'maillog-tlsrpt/parser';
import { fingerprint } from './address.ts';
import { LONGEST_ADDRESS } from './angle.ts';
import { type DeliveryLine, readRoute } from './delivery-line.ts';
import { recipientDomain } from './domains.ts';
import { type HostFields, readHostFields, readTls, type TlsFields } from './host-fields.ts';
import type { SessionKind } from './session-kinds.ts';

const BLANK = 32;
const QUOTE = 34;
const STAR = 42;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const LESS = 60;
const GREATER = 62;
const AT = 64;
const UPPER_F = 70;
const UPPER_I = 73;
const UPPER_P = 80;
const UPPER_T = 84;
const BACKSLASH = 92;
const CLOSE = 93;
const TILDE = 126;

const SENDER = new BytePattern(' F=<');
const RETURN_PATH = new BytePattern(' P=<');
const ROUTER = new BytePattern(' R=');
const TRANSPORT = new BytePattern(' T=');
const HOST = new BytePattern(' H=');
const DNSSEC = new BytePattern(' DS');
const ADDRESS = new BytePattern(' [');
const INTERFACE = new BytePattern(' I=[');
const CIPHER = new BytePattern(' X=');
const VERIFIED = new BytePattern(' CV=');
const SIZE = new BytePattern(' S=');
const CONFIRMATION = new BytePattern(' C="');
/** The most digits of a port that `readHostFields` takes. */
const PORT_DIGITS = 5;

/** The domain of a recipient, and what the sessions of mail for it were like. */
export interface RecipientDomain {
  /** An A-label; undefined where no report can be for it. */
  readonly domain: string | undefined;
  readonly kinds: SessionKind[];
}

/** ` R=r T=t[ H=name [address]:port[*]]`: it says nothing of one delivery, and comes again and again. */
export interface Route {
  readonly transport: string;
  /** Undefined for local deliveries. */
  readonly host: HostFields | undefined;
}

/**
 * The commonest delivery lines read from their bytes, to exactly what their text would be read to: `=>` and `->` with a
 * plain address. Every other line, and every one of these that is odd in any way, is left to the text.
 */
export class ByteDelivery {
  /** Of the line found last. */
  recipient: RecipientDomain = NOBODY;
  route: Route = NOWHERE;
  /** Undefined where neither `X=` nor `CV=` stands. */
  tls: TlsFields | undefined;
  /** The address of `I=`. */
  sendingMtaIp: string | undefined;
  isFirst = true;
  readonly #domains = new ByteMemo(readDomain);
  readonly #routes = new ByteMemo(readWholeRoute);
  readonly #tls = new ByteMemo(readWholeTls);
  readonly #interfaces = new ByteMemo(toAddress);
  #addressAt = 0;
  #addressEnd = 0;
  #portAt = 0;
  #portEnd = 0;
  #fieldsEnd = 0;

  /** Whether the line is one of these: `at` is its flag. */
  finds(entry: ByteEntry, at: number): boolean {
    const { bytes, end } = entry;
    if (at + 3 >= end || bytes[at + 1] !== GREATER || bytes[at + 2] !== BLANK) return false;
    this.isFirst = bytes[at] !== MINUS;
    const routeAt = this.#behindEnvelope(entry, this.#behindAddress(entry, at + 3));
    const routeEnd = this.#behindRoute(entry, routeAt);
    if (routeEnd < 0) return false;
    const route = this.#routes.of(entry, routeAt, routeEnd);
    if (route === undefined) return false;
    this.route = route;
    const fieldsEnd =
      route.host === undefined ? routeEnd : this.#behindTls(entry, this.#behindInterface(entry, routeEnd));
    if (fieldsEnd < 0 || (fieldsEnd < end && bytes[fieldsEnd] !== BLANK)) return false;
    this.#fieldsEnd = fieldsEnd;
    return !holdsQuotedAddress(bytes, fieldsEnd, end);
  }

  /** The line found last, as `readDeliveryLine` tells it. */
  line(entry: ByteEntry): DeliveryLine {
    const { recipient, route, isFirst } = this;
    const { host } = route;
    return {
      flag: isFirst ? '=>' : '->',
      domain: recipient.domain,
      recipient: fingerprint(entry.ascii(this.#addressAt, this.#addressEnd)),
      transport: route.transport,
      ...(host !== undefined && { host: this.#hostFields(entry, host) }),
      message: '',
      confirmed: this.isConfirmed(entry),
    };
  }

  /** `I=` with its port, which names the connection. */
  connection(entry: ByteEntry): string {
    if (this.sendingMtaIp === undefined || this.#portAt === this.#portEnd) return '';
    return `${this.sendingMtaIp} ${entry.ascii(this.#portAt, this.#portEnd)}`;
  }

  isConfirmed({ view, end }: ByteEntry): boolean {
    for (let at = this.#fieldsEnd; at < end; at++) if (CONFIRMATION.standsAt(view, at, end)) return true;
    return false;
  }

  /** Put together field by field, for an object spread into another is slow, and lives longer than it should. */
  #hostFields(entry: ByteEntry, host: HostFields): HostFields {
    const { sendingMtaIp, tls } = this;
    if (sendingMtaIp === undefined && tls === undefined) return host;
    const { name, ip, continued, protocol } = host;
    const { cipher, resumed, end, tlsVersion, verified } = tls ?? host;
    const connection = this.connection(entry);
    const isTls = tls !== undefined;
    const fields: Draft = { name, ip, connection, continued, protocol, tls: isTls, cipher, resumed, end };
    if (sendingMtaIp !== undefined) fields.sendingMtaIp = sendingMtaIp;
    if (tlsVersion !== undefined) fields.tlsVersion = tlsVersion;
    if (verified !== undefined) fields.verified = verified;
    return fields;
  }

  /** The address is logged bare, and where it came from another one, that one stands behind it. */
  #behindAddress(entry: ByteEntry, start: number): number {
    const { bytes, end } = entry;
    let domainAt = -1;
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === AT) domainAt = at + 1;
      else if (byte <= BLANK || byte > TILDE) break;
    }
    if (at === start || at >= end || bytes[at] !== BLANK) return -1;
    this.#addressAt = start;
    this.#addressEnd = at;
    this.recipient = domainAt < 0 ? NOBODY : this.#domains.of(entry, domainAt, at);
    return bytes[at + 1] === LESS ? behindPlainAngle(bytes, at + 1, end) : at;
  }

  #behindEnvelope({ bytes, view, end }: ByteEntry, start: number): number {
    let at = start;
    for (let fields = 0; fields < 3 && at >= 0; fields++) {
      const letter = bytes[at + 1];
      if (letter !== UPPER_F && letter !== UPPER_P) return at;
      if (!SENDER.standsAt(view, at, end) && !RETURN_PATH.standsAt(view, at, end)) return -1;
      at = behindPlainAngle(bytes, at + 3, end);
    }
    return at;
  }

  #behindRoute({ bytes, view, end }: ByteEntry, start: number): number {
    if (start < 0) return -1;
    const transportAt = ROUTER.standsAt(view, start, end) ? wordEnd(bytes, start + 3, end) : start;
    if (!TRANSPORT.standsAt(view, transportAt, end)) return -1;
    const hostAt = wordEnd(bytes, transportAt + 3, end);
    if (SIZE.standsAt(view, hostAt, end)) return -1;
    if (!HOST.standsAt(view, hostAt, end)) return hostAt;
    const nameEnd = wordEnd(bytes, hostAt + 3, end);
    const addressAt = DNSSEC.standsAt(view, nameEnd, end) ? nameEnd + DNSSEC.length : nameEnd;
    if (!ADDRESS.standsAt(view, addressAt, end)) return -1;
    const portEnd = behindPort(bytes, behindBracket(bytes, addressAt + 2, end), end);
    // Of a connection that went on from another message.
    return portEnd >= 0 && portEnd < end && bytes[portEnd] === STAR ? portEnd + 1 : portEnd;
  }

  /** What else may stand between the address and the fields of TLS is rare. */
  #behindInterface(entry: ByteEntry, start: number): number {
    const { bytes, view, end } = entry;
    this.sendingMtaIp = undefined;
    this.#portAt = start;
    this.#portEnd = start;
    let at = start;
    if (INTERFACE.standsAt(view, start, end)) {
      const bracketEnd = behindBracket(bytes, start + INTERFACE.length, end);
      at = behindPort(bytes, bracketEnd, end);
      if (at < 0) return -1;
      this.sendingMtaIp = this.#interfaces.of(entry, start + INTERFACE.length, bracketEnd - 1);
      this.#portAt = Math.min(bracketEnd + 1, at);
      this.#portEnd = at;
      if (this.sendingMtaIp === undefined) return -1;
    }
    if (at < end && bytes[at] !== BLANK) return -1;
    // ` PRX=`, ` TFO`, ` PS=`, ` I=`.
    const next = at + 1 < end ? bytes[at + 1] : 0;
    return next === UPPER_P || next === UPPER_T || next === UPPER_I ? -1 : at;
  }

  #behindTls(entry: ByteEntry, start: number): number {
    const { bytes, view, end } = entry;
    this.tls = undefined;
    if (start < 0) return -1;
    const cipherEnd = CIPHER.standsAt(view, start, end) ? wordEnd(bytes, start + 3, end) : start;
    const tlsEnd = VERIFIED.standsAt(view, cipherEnd, end) ? wordEnd(bytes, cipherEnd + 4, end) : cipherEnd;
    if (tlsEnd <= start) return tlsEnd;
    this.tls = this.#tls.of(entry, start, tlsEnd);
    return this.tls === undefined ? -1 : tlsEnd;
  }
}

/** Host fields being put together. */
type Draft = { -readonly [Field in keyof HostFields]: HostFields[Field] };

const NOBODY: RecipientDomain = { domain: undefined, kinds: [] };
const NOWHERE: Route = { transport: '', host: undefined };

function readDomain(text: string): RecipientDomain {
  return { domain: recipientDomain(`@${text}`), kinds: [] };
}

/** The fields must fill the text. */
function readWholeRoute(text: string): Route | undefined {
  const route = readRoute(text);
  if (route === undefined) return undefined;
  const { transport, end } = route;
  if (end === text.length) return { transport, host: undefined };
  const host = readHostFields(text, end);
  return host?.end === text.length ? { transport, host } : undefined;
}

/** The fields must fill the text. */
function readWholeTls(text: string): TlsFields | undefined {
  const tls = readTls(text, 0);
  return tls.end === text.length ? tls : undefined;
}

/** The end of the word that stands at `at`; -1 if anything but ASCII is in it. */
function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let next = at; next < end; next++) {
    const byte = bytes[next] ?? 0;
    if (byte === BLANK) return next;
    if (byte < BLANK || byte > TILDE) return -1;
  }
  return end;
}

/** Behind `<address>`, which begins at `at`; -1 if it is quoted, or no address. */
function behindPlainAngle(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + LONGEST_ADDRESS);
  for (let next = at + 1; next < limit; next++) {
    const byte = bytes[next] ?? 0;
    if (byte === GREATER) return next + 1;
    if (byte <= BLANK || byte > TILDE || byte === QUOTE || byte === LESS || byte === BACKSLASH) return -1;
  }
  return -1;
}

/** Behind the bracket that closes the word at `at`; -1 if none does. */
function behindBracket(bytes: Uint8Array, at: number, end: number): number {
  for (let next = at; next < end; next++) {
    const byte = bytes[next] ?? 0;
    if (byte === CLOSE) return next + 1;
    if (byte <= BLANK || byte > TILDE) return -1;
  }
  return -1;
}

/** Behind `:port`, if it stands at `at`. */
function behindPort(bytes: Uint8Array, at: number, end: number): number {
  if (at < 0 || at >= end || bytes[at] !== COLON) return at;
  let next = at + 1;
  while (next < end && isDigit(bytes[next])) next += 1;
  const digits = next - at - 1;
  return digits >= 1 && digits <= PORT_DIGITS ? next : -1;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

/** Whether a quoted address might be meant further on, in a server's words: then the text must tell which one counts. */
function holdsQuotedAddress(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at + 2 < end; at++)
    if (bytes[at + 1] === LESS && bytes[at] === BLANK && bytes[at + 2] === QUOTE) return true;
  return false;
}
