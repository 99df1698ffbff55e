import { createSyslogReader, type SyslogReader } from '../logs/syslog.ts';
import { zoneOf } from '../logs/zone.ts';
import type { JsonObject, JsonValue } from '../parser.ts';
import type { Session } from '../session.ts';
import { Pseudonyms } from './pseudonyms.ts';
import { scrubMessage, scrubText } from './text.ts';

/** Fields of a JSON log line that parsers need; all others may tell anything, and go. */
const JSON_FIELDS = [
  '__REALTIME_TIMESTAMP',
  'SYSLOG_IDENTIFIER',
  'SYSLOG_PID',
  '_COMM',
  '_PID',
  'stream',
  'time',
];

/**
 * Rewrites a log so that it can be shown: names, addresses, local parts and ids are replaced, each by the same one
 * throughout; stamps, order, TLS facts and the MTA's own words stay. Parsers read the same sessions, renamed. What
 * servers say in their own words stays but for such names: look through it before you show it.
 */
export class Scrubber {
  readonly #names = new Pseudonyms();
  readonly #syslog: SyslogReader;

  constructor() {
    // Only the place of the message in the line is asked for, so zone and year are of no account.
    const latest = Date.UTC(2100, 0, 1);
    this.#syslog = createSyslogReader({ zone: zoneOf('UTC'), host: 'localhost', latest: () => latest });
  }

  /** One line, without its newline. */
  line(text: string): string {
    if (text.startsWith('{')) {
      const record = parse(text);
      if (record !== undefined) return JSON.stringify(this.#json(record));
    }
    const message = this.#syslog(text)?.message;
    const at = message === undefined || message === '' ? -1 : text.lastIndexOf(message);
    if (message === undefined || at < 0) return scrubText(text, this.#names);
    const behind = text.slice(at + message.length);
    return this.#envelope(text.slice(0, at)) + scrubMessage(message, this.#names) + behind;
  }

  /** A session as it is read from the scrubbed log. */
  session(session: Session): Session {
    const { recipientDomain, receivingMxHostname, receivingIp, sendingMtaIp } = session;
    return {
      ...session,
      recipientDomain: this.#names.domain(recipientDomain),
      ...(receivingMxHostname !== undefined && {
        receivingMxHostname: this.#names.domain(receivingMxHostname),
      }),
      ...(receivingIp !== undefined && { receivingIp: this.#names.address(receivingIp) }),
      ...(sendingMtaIp !== undefined && { sendingMtaIp: this.#names.address(sendingMtaIp) }),
    };
  }

  /** A parser's options for the scrubbed log. */
  options(value: JsonValue): JsonValue {
    if (typeof value === 'string') return scrubText(value, this.#names);
    if (Array.isArray(value)) return value.map((one) => this.options(one));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [this.#key(key), this.options(one)]));
  }

  /** Names of hosts are keys of the option `hosts`; all other keys are words of ours. */
  #key(key: string): string {
    return /^[A-Za-z]+$/.test(key) ? key : this.#names.domain(key);
  }

  /** What stands before the message: the host's name may be a single word, which only its place tells. */
  #envelope(text: string): string {
    const match = /^(.*?[ T]\d\d:\d\d:\d\d\S* (?:<\S{1,20}> )?|<\d{1,3}>1 \S+ )(\S+)( .*)$/.exec(text);
    const [, stamp, host, rest] = match ?? [];
    if (stamp === undefined || host === undefined || rest === undefined) return scrubText(text, this.#names);
    return stamp + this.#host(host) + scrubText(rest, this.#names);
  }

  #host(host: string): string {
    const scrubbed = scrubText(host, this.#names);
    return scrubbed === host && /^[\p{L}\p{N}_-]+$/u.test(host) ? this.#names.domain(host) : scrubbed;
  }

  /** journald's JSON, or Docker's. */
  #json(record: JsonObject): JsonObject {
    const kept: JsonObject = {};
    for (const field of JSON_FIELDS) if (record[field] !== undefined) kept[field] = record[field];
    if (typeof record['_HOSTNAME'] === 'string') kept['_HOSTNAME'] = this.#host(record['_HOSTNAME']);
    if (typeof record['log'] === 'string') kept['log'] = this.#docker(record['log']);
    const message = messageOf(record['MESSAGE']);
    if (message !== undefined) kept['MESSAGE'] = scrubMessage(message, this.#names);
    return kept;
  }

  #docker(log: string): string {
    const end = /\r?\n$/.exec(log)?.[0] ?? '';
    return this.line(log.slice(0, log.length - end.length)) + end;
  }
}

/** journald writes a message that is no UTF-8 as a list of its bytes. */
function messageOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  return new TextDecoder().decode(Uint8Array.from(value.filter((byte) => typeof byte === 'number')));
}

function parse(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as JsonValue;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
