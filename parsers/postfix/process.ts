import type { ByteEntry } from 'maillog-tlsrpt/parser';
import type { ByteLines } from './byte-lines.ts';
import { takeDelivery } from './delivery.ts';
import type { Reading, TextReading } from './reading.ts';
import { isSettled, newRequest, type Request } from './request.ts';
import type { Rule } from './rules.ts';
import { readSmtpLine, takeSummary } from './smtp-lines.ts';
import type { SummaryLine } from './summary-line.ts';
import { factsOf } from './tag-facts.ts';

/** A request can last: ten minutes a server and step. */
export const IDLE_S = 3600;
/** A process between two requests is no open session: whatever is kept longer than IDLE_S does not hold a day open. */
export const SETTLED_S = IDLE_S + 1;

/** Reads one line of an smtp process. */
export function readProcess(reading: TextReading): Rule {
  const key = reading.keys.process(reading.entry.pid);
  const known = reading.open.get(key) as Request | undefined;
  const wasSettled = begin(reading, known);
  const request = known ?? newRequest();
  const rule = readSmtpLine(reading, request);
  keep(reading, key, request, wasSettled);
  return rule;
}

/** The same for the two commonest lines, from their bytes; false, with nothing done, for any other. */
export function readProcessBytes(
  reading: Reading,
  entry: ByteEntry,
  summary: SummaryLine | undefined,
  lines: ByteLines,
): boolean {
  const key = reading.keys.process(entry.pid);
  const known = reading.open.get(key) as Request | undefined;
  // Where the receiver is known by its own lines, only the text can tell where `relay=` begins.
  const name = known?.current?.name;
  if (summary === undefined && name !== undefined && lines.target?.relay.name !== name) return false;
  const wasSettled = begin(reading, known);
  const request = known ?? newRequest();
  if (summary !== undefined) takeSummary(reading, request, summary);
  else takeDelivery(reading, request, lines.queueId(entry), lines.delivery(entry));
  keep(reading, key, request, wasSettled);
  return true;
}

/** Before the line is taken; returns whether nothing was open. */
function begin(reading: Reading, known: Request | undefined): boolean {
  // Where the log began tells which requests were seen from their beginning.
  if (reading.options.midStream === true) factsOf(reading);
  return known !== undefined && isSettled(known);
}

function keep({ open }: Reading, key: string, request: Request, wasSettled: boolean): void {
  if (isSettled(request)) {
    open.set(key, request, SETTLED_S);
    return;
  }
  // What opens now began now: the key's age tells the core since when a session is open.
  if (wasSettled) open.renew(key, request);
  else open.set(key, request);
}
