import { toAddress } from 'maillog-tlsrpt/parser';
import type { Rule } from './rules.ts';

/** How a connection was meant to be made (opensmtpd: mta_session.c, mta_connect). */
export type Scheme = 'smtp' | 'smtp+tls' | 'smtp+notls' | 'smtps' | 'lmtp';

/** One line of the transfer agent, read. `id` is that of the connection: 16 hex digits. */
export type Line =
  | { readonly kind: 'connecting'; readonly id: string; readonly target: Target }
  | { readonly kind: 'connected' | 'fallback' | 'broken' | 'closed'; readonly id: string }
  | { readonly kind: 'tls'; readonly id: string; readonly version: string | undefined }
  | { readonly kind: 'certificate'; readonly id: string; readonly result: CertificateResult }
  | { readonly kind: 'mismatch'; readonly id: string; readonly mx: string }
  | { readonly kind: 'error'; readonly id: string; readonly reason: string }
  | { readonly kind: 'delivery'; readonly id: string; readonly delivery: Delivery }
  | { readonly kind: 'no-route'; readonly domain: string; readonly scheme: Scheme }
  | { readonly kind: 'note'; readonly rule: Rule };

/** Where a connection goes. */
export interface Target {
  readonly scheme: Scheme;
  readonly address: string;
  readonly port: string;
  /** The reverse name of the address, which its owner chooses: good for a configured smart host only. */
  readonly reverse: string;
}

/** 6.x says success or failure, 7.x valid or unverified: that no check was asked for. */
export type CertificateResult = 'success' | 'failure' | 'valid' | 'unverified';

/** Who a delivery was from and to, as its line has it. */
export interface Delivery {
  readonly from: string;
  readonly to: string;
  /** The address mail left from; undefined where none is told. */
  readonly source: string | undefined;
}

/** The id of deliveries that no connection was made for. */
export const NO_CONNECTION = '0000000000000000';

const SESSION = /^([0-9a-f]{16}) mta /;
const CONNECTING =
  /^connecting address=(smtp|smtp\+tls|smtp\+notls|smtps|lmtp):\/\/(\[[0-9A-Fa-f:.%\w]{2,80}\]|[0-9.]{7,15}):(\d{1,5}) host=(\S{0,255})/;
/** Addresses hold neither brackets nor blanks (opensmtpd: valid_localpart), so what a server says stands behind. */
const DELIVERY =
  /^delivery evpid=[0-9a-f]{16} from=<([^<>\s]{0,600})> to=<([^<>\s]{0,600})> rcpt=<[^<>\s]{0,600}> source="(-|\[?[0-9A-Fa-f:.%\w]{2,80}\]?)" relay="/;
const ERROR_ON =
  /^smtp-out: Error on session ([0-9a-f]{16})(: opportunistic TLS failed, | after \d{1,9} message)/;
const NO_ROUTE =
  /^smtp-out: No valid route for \[connector:.{1,90}->\[relay:([^,\]\s]{1,255}),(?:port=\d{1,5},)?(smtp|smtp\+tls|smtp\+notls|smtps|lmtp)[,\]]/;

/** Beginnings of what tells of no session by itself, behind `smtp-out: `. */
const NOTES: readonly (readonly [string, Rule])[] = [
  ['Disabling route ', 'route-note'],
  ['Enabling route ', 'route-note'],
  ['No valid route for ', 'route-note'],
  ['Failed to resolve MX for ', 'mx-lookup'],
  ['No MX found for ', 'mx-lookup'],
  ['Address family mismatch on ', 'mx-lookup'],
  ['Error on ', 'local-fault'],
  ['Too many errors on ', 'route-note'],
  ['back to lowat on ', 'queue-note'],
  ['hiwat reached on ', 'queue-note'],
];

/** Reads a message of smtpd(8); undefined for one that is not the transfer agent's, which is most. */
export function readLine(message: string): Line | undefined {
  const session = SESSION.exec(message.slice(0, 24));
  if (session?.[1] !== undefined) return readSession(session[1], message.slice(21));
  return message.startsWith('smtp-out: ') ? readNote(message) : undefined;
}

/** Every pattern is anchored behind `ID mta `, so nothing a server says can stand for a line. */
function readSession(id: string, text: string): Line {
  if (text === 'connected') return { kind: 'connected', id };
  if (text.startsWith('delivery ')) return readDelivery(id, text);
  if (text.startsWith('connecting ')) return readConnecting(id, text);
  if (text.startsWith('tls ciphers=')) return { kind: 'tls', id, version: versionOf(text.slice(12, 40)) };
  if (text.startsWith('disconnected reason=')) return { kind: 'closed', id };
  if (text.startsWith('error reason=')) return { kind: 'error', id, reason: text.slice(13) };
  if (text.startsWith('closing reason=')) return { kind: 'note', rule: 'local-fault' };
  if (text === 'host-rejects-all-mails') return { kind: 'note', rule: 'queue-note' };
  return readCertificate(id, text);
}

function readCertificate(id: string, text: string): Line {
  const checked = /^(?:server-)?cert-check result="(success|failure|valid|unverified)"/.exec(
    text.slice(0, 60),
  );
  if (checked !== null) return { kind: 'certificate', id, result: checked[1] as CertificateResult };
  const named = /^ssl_check_name: no match for '([^']{1,255})' in cert$/.exec(text.slice(0, 320));
  if (named?.[1] !== undefined) return { kind: 'mismatch', id, mx: named[1] };
  return { kind: 'note', rule: 'unknown' };
}

function readConnecting(id: string, text: string): Line {
  const match = CONNECTING.exec(text.slice(0, 420));
  const [, scheme, written, port, reverse] = match ?? [];
  const address = written === undefined ? undefined : toAddress(written);
  if (scheme === undefined || address === undefined || port === undefined) {
    return { kind: 'note', rule: 'unknown' };
  }
  return {
    kind: 'connecting',
    id,
    target: { scheme: scheme as Scheme, address, port, reverse: reverse ?? '' },
  };
}

function readDelivery(id: string, text: string): Line {
  const match = DELIVERY.exec(text.slice(0, 2048));
  const [, from, to, source] = match ?? [];
  if (from === undefined || to === undefined) return { kind: 'note', rule: 'unknown' };
  return { kind: 'delivery', id, delivery: { from, to, source: toAddress(source ?? '') } };
}

/** `TLSv1.3:TLS_AES_256_GCM_SHA384:256` */
function versionOf(ciphers: string): string | undefined {
  return /^(TLSv1(?:\.\d)?):/.exec(ciphers)?.[1];
}

function readNote(message: string): Line {
  const error = ERROR_ON.exec(message.slice(0, 90));
  if (error?.[1] !== undefined) {
    return { kind: error[2]?.startsWith(': opportunistic') === true ? 'fallback' : 'broken', id: error[1] };
  }
  const route = NO_ROUTE.exec(message.slice(0, 500));
  if (route?.[1] !== undefined) return { kind: 'no-route', domain: route[1], scheme: route[2] as Scheme };
  const text = message.slice(10);
  return { kind: 'note', rule: NOTES.find(([beginning]) => text.startsWith(beginning))?.[1] ?? 'unknown' };
}
