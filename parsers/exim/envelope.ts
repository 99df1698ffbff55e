import type { EnvelopeContext, LogEntry } from 'maillog-tlsrpt/parser';

/** `YYYY-MM-DD HH:MM:SS[.mmm][ +hhmm][ [pid]] ` (exim: tod.c, log.c). */
const STAMP =
  /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?(?: ([+-])(\d\d)(\d\d))?(?: \[(\d{1,10})\])? /;
/** A piece of a line that was too long for syslog, or held newlines (exim: log.c write_syslog). */
const PIECE = /^\[\d{1,3}[/\\]\d{1,3}\] /;
/** The header of RFC 3164, which knows neither year nor zone. */
const CLASSIC_HEADER = /^(?:<\d{1,3}>)?[A-Z][a-z]{2} {1,2}\d{1,2} /;
const MESSAGE_ID = /^[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4}) /;

interface Stamped {
  readonly time: number;
  readonly zoned: boolean;
  readonly pid: number;
  readonly rest: string;
}

/** Reads a line of a mainlog, or of a syslog that Exim writes to with or without its own stamp. */
export function readEnvelope(line: string, context: EnvelopeContext, isExim: (tag: string) => boolean) {
  const own = readStamp(line, context);
  if (own !== undefined && MESSAGE_ID.test(own.rest)) return mainlogEntry(own, context);
  const header = context.syslog(line);
  if (header !== undefined && isExim(header.program)) return syslogEntry(line, header, context);
  if (header?.program === '') return containerEntry(header, context);
  return own === undefined ? undefined : mainlogEntry(own, context);
}

function mainlogEntry({ time, pid, rest }: Stamped, { host }: EnvelopeContext): LogEntry {
  return { time, host, program: 'exim', pid, message: rest };
}

/** A mainlog on a container's standard output: the runtime's stamp has a zone, so it is believed before Exim's. */
function containerEntry(header: LogEntry, context: EnvelopeContext): LogEntry | undefined {
  const own = readStamp(header.message, context);
  if (own === undefined) return undefined;
  return mainlogEntry({ ...own, time: own.zoned ? own.time : header.time }, context);
}

/** Exim's own stamp is taken away, from the first piece of a line too; the later ones have none. */
function syslogEntry(line: string, header: LogEntry, context: EnvelopeContext): LogEntry {
  const { host, program, pid } = header;
  const piece = PIECE.exec(header.message)?.[0] ?? '';
  const own = readStamp(header.message.slice(piece.length), context);
  if (own === undefined) return { time: header.time, host, program, pid, message: header.message };
  // A header with a zone is exact; one without lacks the year, which Exim's own stamp has.
  const time = own.zoned || CLASSIC_HEADER.test(line) ? own.time : header.time;
  return { time, host, program, pid: pid === 0 ? own.pid : pid, message: piece + own.rest };
}

function readStamp(text: string, { zone }: EnvelopeContext): Stamped | undefined {
  const match = STAMP.exec(text);
  if (match === null) return undefined;
  const [whole, year, month, day, hour, minute, second, ms = '0', sign, hours, minutes, pid = '0'] = match;
  const fields = [month, day, hour, minute, second].map(Number);
  const [m = 0, d = 0, h = 0, min = 0, s = 0] = fields;
  if (m < 1 || m > 12 || d < 1 || d > 31 || h > 23 || min > 59 || s > 60) return undefined;
  const zoned = sign !== undefined;
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const time = zoned
    ? Date.UTC(Number(year), m - 1, d, h, min, s, Number(ms)) - offset
    : zone.toUtc(Number(year), m, d, h, min, s, Number(ms));
  return { time, zoned, pid: Number(pid), rest: text.slice(whole.length) };
}

/** Splits a message id, in the form up to 4.96 or the one from 4.97, from the text behind it. */
export function splitMessageId(message: string): { id: string; text: string } | undefined {
  const match = MESSAGE_ID.exec(message);
  if (match === null) return undefined;
  return { id: match[0].slice(0, -1), text: message.slice(match[0].length) };
}
