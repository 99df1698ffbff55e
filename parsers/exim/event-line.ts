import { toAddress, toDomain } from 'maillog-tlsrpt/parser';
import { tlsVersionOf } from './host-fields.ts';

/** The mark at the head of every line of the event_action snippet, with its version. */
export const EVENT_MARK = 'tlsrpt-event/1 ';

/** A line of the event_action snippet (README; parsers/exim/event-action.conf). */
export interface EventLine {
  readonly event: 'smtp:ehlo' | 'tcp:close' | 'msg:host:defer' | 'dane:fail';
  readonly ip: string;
  readonly name: string | undefined;
  /** Our address and port: names the connection. */
  readonly from: string;
  readonly sendingMtaIp?: string;
  /** Undefined when one connection serves several domains, or the domain is no name. */
  readonly domain: string | undefined;
  /** One connection serves several domains: only the delivery lines name them. */
  readonly manyDomains: boolean;
  readonly transport: string;
  /** EHLO's answer offered STARTTLS. */
  readonly offered: boolean;
  /** A TLS session was made on this connection. */
  readonly tls: boolean;
  readonly tlsVersion?: string;
  readonly verified: 'yes' | 'no' | 'dane';
  readonly resumed: boolean;
  readonly errno: number;
  /** Exim's own error text. */
  readonly text: string;
}

const EVENT = /^(smtp:ehlo|tcp:close|msg:host:defer|dane:fail)/;
const FIELD = / ([a-z]{2,12})=(?:"((?:[^"\\]|\\.){0,4000})"|([^\s"]{0,300}))/y;
/** `$tls_out_resumption`: bit 4 says that the session was resumed (exim: macros.h RESUME_USED). */
const RESUME_USED = 0x10;

/** Reads a line of the snippet; undefined if it is none, or not whole. */
export function readEventLine(message: string): EventLine | undefined {
  if (!message.startsWith(EVENT_MARK)) return undefined;
  const rest = message.slice(EVENT_MARK.length);
  const event = eventOf(EVENT.exec(rest)?.[1]);
  if (event === undefined) return undefined;
  const fields = readFields(rest, event.length);
  const ip = toAddress(fields?.get('ip') ?? '');
  if (fields === undefined || ip === undefined) return undefined;
  const field = (name: string) => fields.get(name) ?? '';
  const sendingMtaIp = toAddress(field('from'));
  const tlsVersion = tlsVersionOf(field('cipher').split(':', 1)[0] ?? '');
  return {
    event,
    ip,
    name: toDomain(field('host')),
    from: `${field('from')} ${field('port')}`,
    ...(sendingMtaIp !== undefined && { sendingMtaIp }),
    domain: toDomain(field('domain')),
    manyDomains: field('domain') === '',
    transport: field('transport'),
    offered: field('starttls') === 'yes',
    tls: field('cipher') !== '',
    ...(tlsVersion !== undefined && { tlsVersion }),
    verified: field('dane') === 'yes' ? 'dane' : field('cv') === '1' ? 'yes' : 'no',
    resumed: (Number(field('resumed')) & RESUME_USED) !== 0,
    errno: Number(field('errno')) || 0,
    text: field('text'),
  };
}

function eventOf(text: string | undefined): EventLine['event'] | undefined {
  if (text === 'smtp:ehlo' || text === 'tcp:close' || text === 'msg:host:defer') return text;
  return text === 'dane:fail' ? text : undefined;
}

/** The fields to the very end of the line; undefined if something else stands between them. */
function readFields(text: string, start: number): Map<string, string> | undefined {
  const fields = new Map<string, string>();
  FIELD.lastIndex = start;
  let end = start;
  for (let match = FIELD.exec(text); match !== null; match = FIELD.exec(text)) {
    const [, name = '', quoted, bare = ''] = match;
    fields.set(name, quoted === undefined ? bare : unquote(quoted));
    end = FIELD.lastIndex;
  }
  return end === text.length ? fields : undefined;
}

/** Undoes `${quote:…}`: `\n` and `\r` are control characters, any other character stands for itself. */
function unquote(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) =>
    character === 'n' || character === 'r' ? ' ' : character,
  );
}
