import {
  CONTRACT,
  type Emit,
  type Hint,
  type LogEntry,
  type LogParser,
  type OpenSessions,
  type ParserModule,
  type Trace,
  toAddress,
  toDomain,
  z,
} from 'maillog-tlsrpt/parser';
import { type Line, readLine } from './lines.ts';
import { RULES, type Rule } from './rules.ts';

const optionsSchema = z.object({
  ownSender: z.string().optional().describe('envelope sender of our own reports'),
});

type Options = z.infer<typeof optionsSchema>;

/** One connection, until its last line: plain JSON, for the core writes it down with the position. */
type Connection = {
  host: string;
  address: string;
  tls?: { time: number; version: string; verified: boolean };
  failed?: { time: number; why: 'expired' | 'broken' };
  told?: true;
};

/** Silence after which a connection is over, though its last line was not seen. */
const IDLE_SECONDS = 3600;

/** The made-up MTA Parcel: `parcel[PID]: ID WORD …`. Copied by `npm run new-parser`. */
export const parser: ParserModule<Options, Connection> = {
  name: 'template',
  contract: CONTRACT,
  options: optionsSchema,
  rules: RULES,
  recognises: (line) => / parcel\[\d+\]: [0-9a-f]{8} /.test(line),
  create: (options) => new TemplateParser(options),
};

class TemplateParser implements LogParser<Connection> {
  readonly envelope = 'syslog';
  readonly needles = [' parcel['] as const;
  readonly idleSeconds = IDLE_SECONDS;
  readonly #ownSender: string | undefined;

  constructor({ ownSender }: Options) {
    this.#ownSender = ownSender?.toLowerCase();
  }

  entry(
    entry: LogEntry,
    open: OpenSessions<Connection>,
    emit: Emit,
    trace?: Trace,
    unknown?: () => void,
  ): void {
    if (entry.program !== 'parcel') return;
    const line = readLine(entry.message);
    const rule = line === undefined ? 'unknown' : this.#read(line, entry, open, emit);
    if (rule === 'unknown') unknown?.();
    trace?.({ rule, meaning: RULES[rule], id: line?.id ?? '' });
  }

  hints(open: OpenSessions<Connection>, keys: Iterable<string>): Hint[] {
    const waiting = [...keys].some((key) => open.get(key)?.told !== true);
    return waiting ? [{ id: 'template-no-delivery', text: 'Some connections have no delivery yet.' }] : [];
  }

  /** The host is part of every key: a collector's file holds many, and their ids repeat. */
  #read(line: Line, entry: LogEntry, open: OpenSessions<Connection>, emit: Emit): Rule {
    const key = `${entry.host} ${line.id}`;
    if (line.kind === 'open') {
      const host = toDomain(line.host);
      const address = toAddress(line.address);
      if (host === undefined || address === undefined) return 'not-reportable';
      open.set(key, { host, address });
      return 'opened';
    }
    const connection = open.get(key);
    if (connection === undefined) return 'unseen-connection';
    if (line.kind === 'close') {
      open.delete(key);
      return 'closed';
    }
    if (line.kind === 'sent') return this.#tell(key, connection, line, open, emit);
    // A value that was changed must be set again.
    open.set(key, { ...connection, ...factOf(line, entry.time) });
    return line.kind === 'tls' ? 'tls-established' : 'tls-failed';
  }

  /** The delivery names the domain; the session's time is that of the handshake. */
  #tell(
    key: string,
    connection: Connection,
    line: Extract<Line, { kind: 'sent' }>,
    open: OpenSessions<Connection>,
    emit: Emit,
  ): Rule {
    const { host, address, tls, failed, told } = connection;
    if (told === true) return 'same-session';
    const recipientDomain = toDomain(line.domain);
    if (recipientDomain === undefined) return 'not-reportable';
    if (tls === undefined && failed === undefined) return 'no-word-of-tls';
    open.set(key, { ...connection, told: true });
    const common = {
      recipientDomain,
      receivingMxHostname: host,
      receivingIp: address,
      basis: 'tls-line',
    } as const;
    const own = line.sender.toLowerCase() === this.#ownSender ? { own: true } : {};
    if (failed !== undefined) {
      const resultType = failed.why === 'expired' ? 'certificate-expired' : 'validation-failure';
      emit({ ...common, ...own, time: failed.time, outcome: 'failure', resultType });
    } else if (tls !== undefined) {
      const peerTrust = tls.verified ? 'verified' : 'untrusted';
      emit({ ...common, ...own, time: tls.time, outcome: 'success', peerTrust, tlsVersion: tls.version });
    }
    return 'delivery';
  }
}

function factOf(line: Extract<Line, { kind: 'tls' | 'failed' }>, time: number): Partial<Connection> {
  if (line.kind === 'failed') return { failed: { time, why: line.why } };
  return { tls: { time, version: line.version, verified: line.verified } };
}
