/** µs: the year 9999 is over. */
const LATEST = 253_402_300_800_000_000;

/** What a line of journald's JSON tells. */
export interface JournalRecord {
  readonly kind: 'journal';
  /** UTC ms. */
  readonly time: number;
  readonly host: string | undefined;
  readonly program: string;
  readonly pid: number;
  readonly text: string;
}

/** What a line that Docker keeps tells, in a json-file log or in the journal. */
export interface DockerRecord {
  readonly kind: 'docker';
  /** As the runtime wrote it: RFC 3339. */
  readonly stamp: string;
  readonly text: string;
}

/** Reads a JSON line of journald (`journalctl -o json`) or Docker (json-file); undefined for any other. Never throws. */
export function readJsonRecord(line: string): JournalRecord | DockerRecord | undefined {
  const record = parse(line);
  if (record === undefined) return undefined;
  const { log, time } = record;
  if (typeof log === 'string' && typeof time === 'string') {
    return { kind: 'docker', stamp: time, text: storable(log.replace(/\r?\n$/, '')) };
  }
  return readJournal(record);
}

function readJournal(record: Record<string, unknown>): JournalRecord | DockerRecord | undefined {
  const time = Number(single(record['__REALTIME_TIMESTAMP']));
  const text = toText(record['MESSAGE']);
  // Docker's driver for the journal puts a container's lines there as they are, under a name of its own.
  if (record['CONTAINER_ID'] !== undefined && time > 0 && time < LATEST && text !== undefined)
    return { kind: 'docker', stamp: new Date(Math.floor(time / 1000)).toISOString(), text: storable(text) };
  const program = single(record['SYSLOG_IDENTIFIER']) ?? single(record['_COMM']);
  if (!(time > 0) || text === undefined || program === undefined) return undefined;
  const host = single(record['_HOSTNAME']);
  const pid = Number(single(record['SYSLOG_PID']) ?? single(record['_PID']));
  return {
    kind: 'journal',
    time: Math.floor(time / 1000),
    host: host === undefined ? undefined : storable(host),
    program: storable(program),
    pid: Number.isSafeInteger(pid) && pid > 0 ? pid : 0,
    text: storable(text),
  };
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A field's text; journald gives a list where the writer set the field more than once. */
function single(value: unknown): string | undefined {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof one === 'string' && one !== '') return one;
  return typeof one === 'number' ? String(one) : undefined;
}

/** A message that is not UTF-8 comes as a list of bytes, an overlong one as null. */
function toText(value: unknown): string | undefined {
  if (!Array.isArray(value)) return single(value);
  if (typeof value[0] === 'string') return value[0];
  const bytes = value.filter((byte) => Number.isInteger(byte));
  return bytes.length === value.length ? new TextDecoder().decode(Uint8Array.from(bytes)) : undefined;
}

/** Escapes of JSON can hold what no database keeps as it is: NUL, and halves of a character. */
function storable(text: string): string {
  if (!/[\0\ud800-\udfff]/.test(text)) return text;
  return new TextDecoder().decode(new TextEncoder().encode(text.replaceAll('\0', '?')));
}
