import { fingerprint, readAddress } from './address.ts';
import { behindAngle } from './angle.ts';
import { recipientDomain } from './domains.ts';
import { type HostFields, readHostFields } from './host-fields.ts';

/** Success, further recipient, cutthrough, failure, deferral. */
export type Flag = '=>' | '->' | '>>' | '**' | '==';

/** A line that says what became of one recipient. */
export interface DeliveryLine {
  readonly flag: Flag;
  /** The recipient's domain, an A-label; undefined for local addresses and address literals. */
  readonly domain: string | undefined;
  /** Tells recipients of a message apart. */
  readonly recipient: number;
  readonly transport: string;
  /** Absent for local deliveries, and where no host was tried. */
  readonly host?: HostFields;
  /** The error of `**` and `==`, where Exim itself writes it; what a peer said may stand further inside. */
  readonly message: string;
  /** The number in `defer (N)`. */
  readonly errno?: number;
  /** `C="` is there, so the log_selector is not bare. */
  readonly confirmed: boolean;
}

const FLAG = /^(=>|->|>>|\*\*|==) /;
const QUEUE = / Q=\S{1,200}(?= )/y;
const BYPASSED = ' delivery bypassed by -N option';
/** `**bypassed**` stands where Exim itself did what a transport would have (exim: deliver_local). */
const ROUTED = /(?: R=[\w.-]{1,200})? T=([\w.-]{1,200}|\*\*bypassed\*\*)(?: S=\d{1,15})?(?= |:|$)/y;
const MAYBE_ROUTED = /(?: R=[\w.-]{1,200})?(?: T=([\w.-]{1,200}))?(?: S=\d{1,15})?(?= |:|$)/y;
const DEFER = /(?: routing| transport)? defer \((-?\d{1,6})\)(?= |:|$)/y;
const DELIVER_TIME = / DT=[\dhmsdw.]{1,20}(?=:| |$)/y;

/** Whether the text behind the message id begins with the flag of a delivery line. */
export function hasFlag(text: string): boolean {
  return FLAG.test(text);
}

/** Mail that a router, a filter or an ACL had thrown away: there is no transport (exim: redirect.c, deliver.c, receive.c). */
const DISCARDED =
  /^=> (?:(?::blackhole:|discarded) <[^<>"\s]{1,500}> R=[\w.-]{1,200}$|(?:blackhole|discarded) \([^()]{1,200}\)(?:$|: ))/;

/** Whether the text tells of mail that was thrown away. */
export function isDiscarded(text: string): boolean {
  return DISCARDED.test(text);
}

/** Reads a delivery line; undefined if its fields do not stand where Exim writes them. */
export function readDeliveryLine(text: string): DeliveryLine | undefined {
  const flag = FLAG.exec(text)?.[1];
  if (flag === undefined) return undefined;
  const rest = text.slice(3);
  if (flag === '==') return readDeferral(rest);
  return flag === '**' ? readFailure(rest) : readSuccess(flag === '->' || flag === '>>' ? flag : '=>', rest);
}

/** Everything of interest precedes `DN=` and `C=`, which hold text of the peer: read from the left, stop there. */
function readSuccess(flag: '=>' | '->' | '>>', rest: string): DeliveryLine | undefined {
  const address = readAddress(rest, {
    fieldsAt: (index) => behind(ROUTED, rest, behindEnvelope(rest, index)) >= 0,
    // In `C=` quotes are escaped, so that none stands behind a `<`.
    peerAt: (index) => firstOf(rest, index, [' DN="']),
  });
  if (address === undefined) return undefined;
  const routed = behindEnvelope(rest, address.end);
  const end = behind(ROUTED, rest, routed);
  const host = readHostFields(rest, end);
  return {
    flag,
    domain: recipientDomain(address.address),
    recipient: fingerprint(address.address),
    transport: lastGroup(ROUTED, rest, routed),
    ...(host !== undefined && { host }),
    message: '',
    confirmed: rest.includes(' C="', host?.end ?? end),
  };
}

/** ` R=router T=transport` at the head of `text`, and where it ends. */
export function readRoute(text: string): { readonly transport: string; readonly end: number } | undefined {
  const end = behind(ROUTED, text, 0);
  return end < 0 ? undefined : { transport: lastGroup(ROUTED, text, 0), end };
}

function readFailure(rest: string): DeliveryLine | undefined {
  const address = readAddress(rest, {
    fieldsAt: (index) => /^(?: [FPQRTH]=|:| :|$)/.test(rest.slice(index, index + 3)),
    peerAt(index) {
      const routed = behindEnvelope(rest, index);
      const end = behind(MAYBE_ROUTED, rest, routed);
      // Of mail that no transport took no peer has said anything.
      const isRouters = lastGroup(MAYBE_ROUTED, rest, routed) === '' && messageAt(rest, end) !== '';
      return isRouters ? rest.length : firstOf(rest, end, [' DN="', ': ']);
    },
  });
  if (address === undefined) return undefined;
  const routed = behindEnvelope(rest, address.end);
  const end = behind(MAYBE_ROUTED, rest, routed);
  if (end < 0) return undefined;
  const host = readHostFields(rest, end);
  return {
    flag: '**',
    domain: recipientDomain(address.address),
    recipient: fingerprint(address.address),
    transport: lastGroup(MAYBE_ROUTED, rest, routed),
    ...(host !== undefined && { host }),
    message: host?.tls === true ? '' : messageAt(rest, host?.end ?? end),
    confirmed: false,
  };
}

function readDeferral(rest: string): DeliveryLine | undefined {
  const deferAt = (index: number) => {
    const routed = behind(MAYBE_ROUTED, rest, behindEnvelope(rest, index));
    return routed < 0 ? -1 : behind(DEFER, rest, routed);
  };
  const address = readAddress(rest, {
    fieldsAt: (index) => deferAt(index) >= 0,
    peerAt(index) {
      const isRouters = lastGroup(MAYBE_ROUTED, rest, behindEnvelope(rest, index)) === '';
      return isRouters ? rest.length : firstOf(rest, deferAt(index), [': ']);
    },
  });
  if (address === undefined) return undefined;
  const routed = behindEnvelope(rest, address.end);
  const defer = behind(MAYBE_ROUTED, rest, routed);
  const errno = Number(lastGroup(DEFER, rest, defer));
  const systemText = errno > 0 ? behindSystemText(rest, deferAt(address.end)) : deferAt(address.end);
  const host = readHostFields(rest, systemText);
  return {
    flag: '==',
    domain: recipientDomain(address.address),
    recipient: fingerprint(address.address),
    transport: lastGroup(MAYBE_ROUTED, rest, routed),
    ...(host !== undefined && { host }),
    errno,
    message: messageAt(rest, behindTime(rest, host?.end ?? systemText)),
    confirmed: false,
  };
}

/** The first place from `index` on where one of the texts stands; the end, if none does. */
function firstOf(text: string, index: number, texts: readonly string[]): number {
  const places = texts.map((one) => text.indexOf(one, Math.max(index, 0))).filter((at) => at >= 0);
  return Math.min(text.length, ...places);
}

/** `: strerror`, which Exim writes for system errors only, before `H=` (exim: deferral_log). */
function behindSystemText(text: string, index: number): number {
  const match = /^: [^:=[\]]{1,100}?(?= H=| DT=|: |$)/.exec(text.slice(index, index + 120));
  return match === null ? index : index + match[0].length;
}

function behindTime(text: string, index: number): number {
  const end = behind(DELIVER_TIME, text, index);
  return end < 0 ? index : end;
}

/** The separator is `: `, from 4.99 on ` : ` on ** lines. */
function messageAt(text: string, index: number): string {
  const separator = /^ ?: /.exec(text.slice(index, index + 3));
  return separator === null ? '' : text.slice(index + separator[0].length);
}

/** `F=<sender>`, `Q=queue`, `P=<return path>`, in any order; a sender's local part may be quoted. */
function behindEnvelope(text: string, index: number): number {
  let end = index;
  for (let fields = 0; fields < 3; fields++) {
    const angle = text.startsWith(' F=<', end) || text.startsWith(' P=<', end);
    const next = angle ? behindAngle(text, end + 3) : behind(QUEUE, text, end);
    if (next < 0) break;
    end = next;
  }
  return text.startsWith(BYPASSED, end) ? end + BYPASSED.length : end;
}

/** Index behind what the pattern matches at `index`; -1 if it does not. */
function behind(pattern: RegExp, text: string, index: number): number {
  pattern.lastIndex = index;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

function lastGroup(pattern: RegExp, text: string, index: number): string {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[1] ?? '';
}
