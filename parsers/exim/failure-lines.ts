import { toAddress } from 'maillog-tlsrpt/parser';
import { hostName } from './domains.ts';
import {
  isUnsetDetail,
  type Verdict,
  verdictOfCertificateError,
  verdictOfDetail,
  verdictOfMessage,
} from './reasons.ts';
import type { RuleName } from './rules.ts';

/** The receiver a line names. */
export interface Receiver {
  /** Undefined where only its address is told. */
  readonly name: string | undefined;
  /** Empty where a line tells of no host (certificate errors of 4.84 and before). */
  readonly ip: string;
}

/** What a line says of a session that failed, or may have failed. */
export type FailureLine =
  | {
      readonly is: 'failure';
      readonly rule: RuleName;
      readonly receiver: Receiver;
      /** Undefined: a fault of our own, never reported. */
      readonly verdict: Verdict | undefined;
      readonly dane: boolean;
      /** The error text was never set: its meaning is that of an earlier F11 line. */
      readonly unset: boolean;
      /** Exim goes on in clear text with the same host (F1). */
      readonly fallback: boolean;
      /** The line says only that the session failed; a line before it said why (4.85–4.89). */
      readonly vague: boolean;
    }
  | { readonly is: 'doubt'; readonly rule: RuleName; readonly receiver: Receiver; readonly verdict: Verdict }
  | { readonly is: 'unusable'; readonly rule: RuleName }
  /** The host got further than STARTTLS: whatever its certificate was, the session was made. */
  | { readonly is: 'passed'; readonly rule: RuleName; readonly receiver: Receiver }
  | { readonly is: 'note'; readonly rule: RuleName };

const HOST_LINE = /^H=(\S+) \[([^\]\s]+)\](?::\d{1,5})?: (.*)$/s;
const HOST_ERROR = /^H=(\S+) \[([^\]\s]+)\](?::\d{1,5})? (.*)$/s;
const TLS_ERROR = /^TLS error on connection \(([^()]{1,100})\)(?:: (.*))?$/s;
const OLD_TLS_ERROR = /^TLS error on connection to (\S+) \[([^\]\s]+)\] \(([^()]{1,100})\)(?:: (.*))?$/s;
const FALLBACK =
  /^TLS session: (.{0,2000}): delivering unencrypted to H=(\S+) \[([^\]\s]+)\](?::\d{1,5})? \(not in hosts_require_tls\)$/s;
const OLD_FALLBACK =
  /^TLS session failure: delivering unencrypted to (\S+) \[([^\]\s]+)\] \(not in hosts_require_tls\)$/;
const DANE_FAILED = /^DANE attempt failed; TLS connection to (\S+) \[([^\]\s]+)\](?::\d{1,5})?: ?(.*)$/s;
const VERIFY_ERROR = /^\[([^\]\s]+)\](?::\d{1,5})? SSL verify error: depth=\d{1,4} error=(.{1,200}?) cert=/s;
/** About 4.85 it named the certificate's subject alone. */
const NAME_MISMATCH =
  /^\[([^\]\s]+)\](?::\d{1,5})? SSL verify error: certificate name mismatch: (?:DN=".*" H="([^"\s]*)"|".*")$/s;
/** 4.84 and before named no address. */
const OLD_VERIFY_ERROR =
  /^SSL verify error: (?:depth=\d{1,4} error=(.{1,200}?) cert=|certificate name mismatch: ")/s;
const SRV_ABORT =
  /^Connection aborted; STARTTLS support by (\S+) \[([^\]\s]+)\](?::\d{1,5})? required by DNS SRV but STARTTLS not offered$/;
/** 4.84 and before: the host stands inside the text. */
const OLD_HOST =
  /^(?:Remote host|SMTP timeout while connected to|a TLS session is required for|SMTP error from remote mail server after STARTTLS: host) (\S+) \[([^\]\s]+)\]/;

/** Lines that tell nothing of a handshake's outcome, by how they begin (F10, F17–F19, F21). */
const NOTES: readonly (readonly [RegExp, RuleName])[] = [
  [/^DANE error: TLSA lookup (?:for \S+ )?not DNSSEC$/, 'tlsa-unsigned'],
  [/^DANE attempt failed; trying CA-root TLS to /, 'dane-ca-retry'],
  [/^(?:\[[^\]\s]+\](?::\d{1,5})? )?SSL verify denied by event-action: /, 'verify-denied'],
  [/^\[[^\]\s]+\](?::\d{1,5})? SSL verify error \(during /, 'callout'],
  [/^TLS session: .{0,2000}: callout unencrypted to /s, 'callout'],
  [
    /^TLS error \(SSL_(?:read|write)\): |^SSL_(?:read|write): |^SSL channel closed on (?:read|write)/,
    'mid-session-noise',
  ],
  [/^TLS error on connection from |^TLS client disconnected cleanly /, 'inbound'],
  [
    /^(?:Required TLS certificate status not received|Received TLS cert(?:ificate)? status |OCSP dates invalid|Server certificate (?:revoked|status )|TLS client: OCSP )/,
    'ocsp-detail',
  ],
  [/^\[[^\]\s]+\](?::\d{1,5})? \S+ Received TLS cert /, 'ocsp-detail'],
];

/** Reads a line without flag; undefined if it is none about TLS. */
export function readFailureLine(text: string): FailureLine | undefined {
  const first = text.charCodeAt(0);
  if (first === 72) return readHostLine(text);
  if (first === 91) return readVerifyLine(text) ?? readNote(text);
  if (first === 83) return readOldVerifyLine(text) ?? readOldHostLine(text) ?? readNote(text);
  return readSessionLine(text) ?? readOldHostLine(text) ?? readNote(text);
}

/** `H=name [ip]: text` (write_logs) and `H=name [ip] TLS error …` (tls_error). */
function readHostLine(text: string): FailureLine | undefined {
  const [, name = '', ip = '', message = ''] = HOST_LINE.exec(text) ?? [];
  const receiver = receiverOf(name, ip);
  if (receiver !== undefined) {
    const verdict = verdictOfMessage(message);
    if (verdict === undefined) return { is: 'passed', rule: 'host-error', receiver };
    return failure(ruleOfMessage(message), receiver, verdict, { dane: isDaneMessage(message) });
  }
  const [, errorName = '', errorIp = '', error = ''] = HOST_ERROR.exec(text) ?? [];
  const host = receiverOf(errorName, errorIp);
  const match = TLS_ERROR.exec(error);
  if (host === undefined || match === null) return undefined;
  return handshakeError(host, match[1] ?? '', match[2] ?? '');
}

/** Up to 4.89 the library's error came by itself; from 4.90 on only what is noise does (F17). */
function handshakeError(receiver: Receiver, label: string, text: string): FailureLine {
  if (label === 'recv' || label === 'send') return { is: 'note', rule: 'unclean-close' };
  return failure(
    'handshake-error',
    receiver,
    verdictOfDetail(`(${label})${text === '' ? '' : `: ${text}`}`),
    {},
  );
}

const NAME_DIFFERS: Verdict = { type: 'certificate-host-mismatch', reason: 'certificate name mismatch' };

function readVerifyLine(text: string): FailureLine | undefined {
  const mismatch = NAME_MISMATCH.exec(text);
  if (mismatch !== null) {
    const receiver = receiverOf(mismatch[2] ?? '', mismatch[1] ?? '');
    return receiver && { is: 'doubt', rule: 'name-mismatch', receiver, verdict: NAME_DIFFERS };
  }
  const error = VERIFY_ERROR.exec(text);
  if (error === null) return undefined;
  const receiver = receiverOf('', error[1] ?? '');
  return (
    receiver && {
      is: 'doubt',
      rule: 'verify-error',
      receiver,
      verdict: verdictOfCertificateError(error[2] ?? ''),
    }
  );
}

function readOldVerifyLine(text: string): FailureLine | undefined {
  const error = OLD_VERIFY_ERROR.exec(text);
  if (error === null) return undefined;
  const receiver: Receiver = { name: undefined, ip: '' };
  const cause = error[1];
  if (cause === undefined) return { is: 'doubt', rule: 'name-mismatch', receiver, verdict: NAME_DIFFERS };
  return { is: 'doubt', rule: 'verify-error', receiver, verdict: verdictOfCertificateError(cause) };
}

function readSessionLine(text: string): FailureLine | undefined {
  const fallback = FALLBACK.exec(text);
  if (fallback !== null) {
    const [, detail = '', name = '', ip = ''] = fallback;
    const receiver = receiverOf(name, ip);
    const verdict = verdictOfDetail(detail);
    return (
      receiver && failure('fallback', receiver, verdict, { fallback: true, unset: isUnsetDetail(detail) })
    );
  }
  const dane = DANE_FAILED.exec(text);
  if (dane !== null) {
    const [, name = '', ip = '', detail = ''] = dane;
    const receiver = receiverOf(name, ip);
    return (
      receiver &&
      failure('dane-failed', receiver, verdictOfDetail(detail), { dane: true, unset: isUnsetDetail(detail) })
    );
  }
  if (/^DANE error: No usable TLSA records$/.test(text)) return { is: 'unusable', rule: 'tlsa-unusable' };
  const abort = SRV_ABORT.exec(text);
  const aborted = receiverOf(abort?.[1] ?? '', abort?.[2] ?? '');
  const notOffered: Verdict = {
    type: 'starttls-not-supported',
    reason: 'the server did not offer TLS support',
  };
  return aborted && failure('srv-abort', aborted, notOffered, {});
}

function readOldHostLine(text: string): FailureLine | undefined {
  const fallback = OLD_FALLBACK.exec(text);
  if (fallback !== null) {
    const receiver = receiverOf(fallback[1] ?? '', fallback[2] ?? '');
    return (
      receiver && failure('fallback-4.89', receiver, verdictOfDetail(''), { fallback: true, vague: true })
    );
  }
  const error = OLD_TLS_ERROR.exec(text);
  if (error !== null) {
    const receiver = receiverOf(error[1] ?? '', error[2] ?? '');
    return receiver && handshakeError(receiver, error[3] ?? '', error[4] ?? '');
  }
  const receiver = receiverInText(text);
  const verdict = verdictOfMessage(text);
  return receiver && verdict && failure(ruleOfMessage(text), receiver, verdict, {});
}

function readNote(text: string): FailureLine | undefined {
  const rule = NOTES.find(([pattern]) => pattern.test(text))?.[1];
  return rule && { is: 'note', rule };
}

/** What the message of an == or ** line says of the session itself (F2, F7–F9, F12–F16, F22). */
export function readMessage(message: string):
  | {
      readonly rule: RuleName;
      readonly verdict: Verdict | undefined;
      readonly dane: boolean;
      readonly unset: boolean;
      readonly vague: boolean;
      /** Named inside the text up to 4.84. */
      readonly receiver?: Receiver;
    }
  | undefined {
  const session = /^TLS session: ?(.{0,2000})$/s.exec(message)?.[1];
  if (session !== undefined) {
    const detail = session.replace(/: retry timeout exceeded$/, '');
    return {
      rule: 'session-failed',
      verdict: verdictOfDetail(detail),
      dane: false,
      unset: isUnsetDetail(detail),
      vague: false,
    };
  }
  if (/^failure while setting up TLS session/.test(message)) {
    return { rule: 'session-failed', verdict: verdictOfDetail(''), dane: false, unset: false, vague: true };
  }
  const verdict = verdictOfMessage(message);
  if (verdict === undefined) return undefined;
  const receiver = receiverInText(message);
  return {
    rule: ruleOfMessage(message),
    verdict,
    dane: isDaneMessage(message),
    unset: false,
    vague: false,
    ...(receiver !== undefined && { receiver }),
  };
}

function failure(
  rule: RuleName,
  receiver: Receiver,
  verdict: Verdict | undefined,
  flags: { dane?: boolean; unset?: boolean; fallback?: boolean; vague?: boolean },
): FailureLine {
  const { dane = false, unset = false, fallback = false, vague = false } = flags;
  return { is: 'failure', rule, receiver, verdict, dane, unset, fallback, vague };
}

function isDaneMessage(message: string): boolean {
  return message.startsWith('DANE error: ');
}

function ruleOfMessage(message: string): RuleName {
  if (message.startsWith('DANE error: tlsa lookup D')) return 'tlsa-defer';
  if (isDaneMessage(message)) return 'dane-required';
  if (message.startsWith('a TLS session is required')) {
    return message.includes('did not offer') ? 'required-not-offered' : 'required-refused';
  }
  if (message.startsWith('SMTP error')) return 'starttls-refused';
  return message.includes('timeout') ? 'starttls-timeout' : 'starttls-closed';
}

function receiverInText(text: string): Receiver | undefined {
  const match = OLD_HOST.exec(text);
  return receiverOf(match?.[1] ?? '', match?.[2] ?? '');
}

function receiverOf(name: string, ip: string): Receiver | undefined {
  const address = toAddress(ip);
  return address === undefined ? undefined : { name: hostName(name), ip: address };
}
