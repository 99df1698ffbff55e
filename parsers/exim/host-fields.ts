import type { PeerTrust } from 'maillog-tlsrpt/parser';
import { toAddress } from 'maillog-tlsrpt/parser';

/** What the TLS fields of a line say (exim: d_tlslog). */
export interface TlsFields {
  /** `X=` or `CV=` is there, so the transaction went over TLS. */
  readonly tls: boolean;
  readonly cipher: boolean;
  readonly tlsVersion?: string;
  readonly resumed: boolean;
  readonly verified?: 'yes' | 'no' | 'dane';
  /** Index behind the last field read. */
  readonly end: number;
}

/** What the host and TLS fields of a line say (exim: d_hostlog, d_tlslog). */
export interface HostFields extends TlsFields {
  /** The MX host as routed; an address where the host was given by one. */
  readonly name: string;
  readonly ip: string;
  /** `I=` with its port, which names the connection; empty where they are not logged. */
  readonly connection: string;
  readonly sendingMtaIp?: string;
  /** Connection continued from another message or batch: no session of its own (R6). */
  readonly continued: boolean;
  /** Letters of `PS=`, 4.99 and later; empty where they are not logged. */
  readonly protocol: string;
}

/**
 * `H=name[ DS] [ip][:port][*][ PRX=…][ I=…][ TFO][*][ PS=…][ X=…][ CV=…]`. The star of a continued connection stood
 * behind `I=` or `TFO` up to 4.94; `TFO*` is no such star.
 */
const HOST =
  / H=(\S+)(?: DS)? \[([^\]\s]+)\](?::\d{1,5})?(\*)?(?: PRX=\[[^\]\s]*\](?::\d{1,5})?)?(?: I=\[([^\]\s]+)\](?::(\d{1,5}))?)?(?: TFO\*?)?(\*)?(?: PS=([A-Za-z]+))?(?= |:|$)/y;
const CIPHER = / X=(\S+)/y;
const VERIFIED = / CV=(yes|no|dane)(?= |:|$)/y;

/** Reads the fields at `index`, which is the blank before `H=`; undefined without a receiver's address. */
export function readHostFields(text: string, index: number): HostFields | undefined {
  HOST.lastIndex = index;
  const match = HOST.exec(text);
  const ip = match === null ? undefined : toAddress(match[2] ?? '');
  if (match === null || ip === undefined) return undefined;
  const [, name = '', , star, sending, port, lateStar, protocol = ''] = match;
  const tls = readTls(text, index + match[0].length);
  const sendingMtaIp = sending === undefined ? undefined : toAddress(sending);
  return {
    name,
    ip,
    connection: sendingMtaIp === undefined || port === undefined ? '' : `${sendingMtaIp} ${port}`,
    ...(sendingMtaIp !== undefined && { sendingMtaIp }),
    continued: star !== undefined || lateStar !== undefined,
    protocol,
    ...tls,
  };
}

/** Reads the fields at `index`, which is the blank before `X=` or `CV=`, if they stand there at all. */
export function readTls(text: string, index: number): TlsFields {
  let end = index;
  CIPHER.lastIndex = end;
  const cipher = CIPHER.exec(text);
  if (cipher !== null) end += cipher[0].length;
  VERIFIED.lastIndex = end;
  const verified = VERIFIED.exec(text);
  if (verified !== null) end += verified[0].length;
  // On ** lines the separator of the message may follow at once.
  const suite = (cipher?.[1] ?? '').replace(/:$/, '');
  if (verified === null && cipher?.[0].endsWith(':') === true) end -= 1;
  const version = tlsVersionOf(suite.split(':', 1)[0] ?? '');
  return {
    tls: cipher !== null || verified !== null,
    cipher: cipher !== null,
    ...(version !== undefined && { tlsVersion: version }),
    resumed: suite.endsWith('*'),
    ...(verified !== null && { verified: verifiedOf(verified[1]) }),
    end,
  };
}

function verifiedOf(word: string | undefined): 'yes' | 'no' | 'dane' {
  return word === 'yes' || word === 'dane' ? word : 'no';
}

/** `TLS1.3`, `TLSv1.2`, `TLS1.0-PKIX` → `TLSv1.3`, `TLSv1.2`, `TLSv1` (OpenSSL's and Postfix's name of 1.0). */
export function tlsVersionOf(text: string): string | undefined {
  const match = /^(TLS|SSL)v?(\d)(?:\.(\d))?(?=$|[^0-9.])/.exec(text);
  if (match === null) return undefined;
  const [, kind, major, minor = '0'] = match;
  return `${kind}v${major}${minor === '0' ? '' : `.${minor}`}`;
}

/** What Exim said of the certificate; unsaid without `CV=`. */
export function trustOf(verified: HostFields['verified']): PeerTrust | undefined {
  if (verified === undefined) return undefined;
  return verified === 'dane' ? 'verified' : verified === 'yes' ? 'trusted' : 'untrusted';
}
