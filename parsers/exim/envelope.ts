import type { EnvelopeContext, LogEntry } from 'maillog-tlsrpt/parser';
import { hasMessageId } from './message-id.ts';
import { isZoned, readStamp, type Stamped, timeOf } from './stamp.ts';

/** A piece of a line that was too long for syslog, or held newlines (exim: log.c write_syslog). */
const PIECE = /^\[\d{1,3}[/\\]\d{1,3}\] /;
/** The header of RFC 3164, which knows neither year nor zone. */
const CLASSIC_HEADER = /^(?:<\d{1,3}>)?[A-Z][a-z]{2} {1,2}\d{1,2} /;

/** Reads a line of a mainlog, or of a syslog that Exim writes to with or without its own stamp. */
export function readEnvelope(line: string, context: EnvelopeContext, isExim: (tag: string) => boolean) {
  const own = readStamp(line);
  if (own !== undefined && hasMessageId(own.rest))
    return mainlogEntry(own, timeOf(own.stamp, context.zone), context);
  const header = context.syslog(line);
  if (header !== undefined && isExim(header.program)) return syslogEntry(line, header, context);
  if (header?.program === '') return containerEntry(header, context);
  return own === undefined ? undefined : mainlogEntry(own, timeOf(own.stamp, context.zone), context);
}

function mainlogEntry({ pid, rest }: Stamped, time: number, { host }: EnvelopeContext): LogEntry {
  return { time, host, program: 'exim', pid, message: rest };
}

/** A mainlog on a container's standard output: the runtime's stamp has a zone, so it is believed before Exim's. */
function containerEntry(header: LogEntry, context: EnvelopeContext): LogEntry | undefined {
  const own = readStamp(header.message);
  if (own === undefined) return undefined;
  if (!isZoned(own.stamp)) return mainlogEntry(own, header.time, context);
  return { ...mainlogEntry(own, timeOf(own.stamp, context.zone), context), isExact: true };
}

/** Exim's own stamp is taken away, from the first piece of a line too; the later ones have none. */
function syslogEntry(line: string, header: LogEntry, context: EnvelopeContext): LogEntry {
  const { host, program, pid } = header;
  const piece = PIECE.exec(header.message)?.[0] ?? '';
  const own = readStamp(header.message.slice(piece.length));
  if (own === undefined) return { time: header.time, host, program, pid, message: header.message };
  // A header with a zone is exact; one without lacks the year, which Exim's own stamp has.
  const isExact = isZoned(own.stamp);
  const time = isExact || CLASSIC_HEADER.test(line) ? timeOf(own.stamp, context.zone) : header.time;
  const message = piece + own.rest;
  return { time, host, program, pid: pid === 0 ? own.pid : pid, message, ...(isExact && { isExact }) };
}
