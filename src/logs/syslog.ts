import type { LogEntry, Zone } from '../parser.ts';
import { readJsonRecord } from './json-record.ts';
import { StampReader } from './stamp.ts';

const SPACE = 32;
const COLON = 58;
const LESS = 60;
const BRACKET = 91;
const BRACE = 123;
const BOM = 0xfeff;
/** Longer than any tag a syslog daemon writes; beyond it the text is no tag. */
const TAG_LIMIT = 200;
const MAX_REPEATS = 10_000;

/** What a syslog line leaves unsaid. */
export interface SyslogContext {
  /** The zone of stamps that carry none. */
  readonly zone: Zone;
  /** The host of lines that name none. */
  readonly host: string;
  /** UTC ms: stamps without a year are of the latest year that puts them at most a day after it. */
  readonly latest: () => number;
}

/** A line's envelope, and how often its daemon says that the message came. */
export interface SyslogEntry extends LogEntry {
  /** More than 1 only for rsyslog's `message repeated N times: [ … ]`. */
  readonly repeated: number;
}

/** Reads one line; undefined for what is no line of a log. Never throws. */
export type SyslogReader = (line: string) => SyslogEntry | undefined;

/** A reader for every shape of syslog that mail hosts write: files, journald's outputs, RFC 5424, Docker. */
export function createSyslogReader(context: SyslogContext): SyslogReader {
  const reader = new EnvelopeReader(context);
  return (line) => reader.read(line);
}

class EnvelopeReader {
  readonly #stamp: StampReader;
  readonly #host: string;
  /** The last host found fit: nearly every line's. */
  #known = '';

  constructor({ zone, host, latest }: SyslogContext) {
    this.#stamp = new StampReader(zone, latest);
    this.#host = host;
  }

  read(line: string): SyslogEntry | undefined {
    const start = line.charCodeAt(0) === BOM ? 1 : 0;
    const first = line.charCodeAt(start);
    if (first === BRACE) return this.#readJson(line);
    const at = first === LESS ? behindPriority(line, start) : start;
    if (line.charCodeAt(at) === 49 && line.charCodeAt(at + 1) === SPACE) return this.#read5424(line, at + 2);
    return this.#readText(line, at);
  }

  /** A stamp and what stands behind it. */
  #readText(line: string, start: number): SyslogEntry | undefined {
    const stamp = this.#stamp;
    if (!stamp.read(line, start)) return undefined;
    const { time, zoned } = stamp;
    const at = behindBlanks(line, stamp.end);
    const tagged = this.#readHostAndTag(line, at, time);
    if (!zoned) return tagged;
    return this.#readStamped(line, at, time) ?? tagged ?? this.#bare(line, at, time);
  }

  /** Text that came with a container runtime's stamp: itself a line of a log, or nothing but a message. */
  #readStamped(line: string, start: number, time: number): SyslogEntry | undefined {
    const at = behindStream(line, start);
    const stamp = this.#stamp;
    if (!stamp.read(line, at)) return undefined;
    // A stamp with its own zone is the writer's; any other is only less exact than the runtime's.
    return this.#readHostAndTag(line, behindBlanks(line, stamp.end), stamp.zoned ? stamp.time : time);
  }

  /** `host tag[pid]: message`, with what some daemons put between. */
  #readHostAndTag(line: string, start: number, time: number): SyslogEntry | undefined {
    const at = line.charCodeAt(start) === LESS ? behindWord(line, start) : start;
    const alone = this.#readTag(line, at, time, this.#host);
    if (alone !== undefined) return alone;
    const hostEnd = line.indexOf(' ', at);
    if (hostEnd <= at) return undefined;
    const host = this.#fitHost(line.slice(at, hostEnd));
    if (host === undefined) return undefined;
    const tagAt = behindBlanks(line, hostEnd);
    return (
      this.#readTag(line, tagAt, time, host) ??
      (isFacility(line, tagAt) ? this.#readTag(line, behindWord(line, tagAt), time, host) : undefined)
    );
  }

  #readTag(line: string, start: number, time: number, host: string): SyslogEntry | undefined {
    let at = start;
    const limit = Math.min(line.length, start + TAG_LIMIT);
    let code = line.charCodeAt(at);
    while (at < limit && code > SPACE && code !== BRACKET && code !== COLON) code = line.charCodeAt(++at);
    const tagEnd = at;
    if (tagEnd === start || (code !== BRACKET && code !== COLON)) return undefined;
    let pid = 0;
    if (code === BRACKET) {
      for (code = line.charCodeAt(++at); code >= 48 && code <= 57; code = line.charCodeAt(++at))
        pid = pid * 10 + code - 48;
      if (code !== 93 || at - tagEnd > 12) return undefined;
      code = line.charCodeAt(++at);
    }
    if (code === COLON) code = line.charCodeAt(++at);
    if (code === SPACE) at += 1;
    else if (at < line.length) return undefined;
    return entry(time, host, line.slice(start, tagEnd), pid, line, at);
  }

  /** RFC 5424 §6, behind `<pri>1 `. */
  #read5424(line: string, start: number): SyslogEntry | undefined {
    if (!this.#stamp.read(line, start)) return undefined;
    const { time } = this.#stamp;
    const hostAt = this.#stamp.end + 1;
    const programAt = behindWord(line, hostAt);
    const pidAt = behindWord(line, programAt);
    const idAt = behindWord(line, pidAt);
    const dataAt = behindWord(line, idAt);
    const program = word(line, programAt, pidAt);
    const dataEnd = behindStructuredData(line, dataAt);
    if (program === '' || dataEnd < 0) return undefined;
    const named = word(line, hostAt, programAt);
    const host = named === '-' ? this.#host : this.#fitHost(named);
    if (host === undefined) return undefined;
    const pid = word(line, pidAt, idAt);
    let at = line.charCodeAt(dataEnd) === SPACE ? dataEnd + 1 : dataEnd;
    if (line.charCodeAt(at) === BOM) at += 1;
    // rsyslog keeps the blank that stood before the message when it turns a line of RFC 3164 into this form.
    if (line.charCodeAt(at) === SPACE) at += 1;
    return entry(time, host, program, digits(pid), line, at);
  }

  /** journald's JSON, or a line of Docker's json-file logs. */
  #readJson(line: string): SyslogEntry | undefined {
    const record = readJsonRecord(line);
    if (record === undefined) return undefined;
    const { kind, text } = record;
    if (kind === 'journal') {
      const host = this.#fitHost(record.host ?? this.#host);
      return host === undefined ? undefined : entry(record.time, host, record.program, record.pid, text, 0);
    }
    if (!this.#stamp.read(record.stamp, 0)) return undefined;
    const { time } = this.#stamp;
    const at = text.charCodeAt(0) === LESS ? behindPriority(text, 0) : 0;
    return (
      this.#readStamped(text, at, time) ??
      this.#readTag(text, at, time, this.#host) ??
      this.#bare(text, at, time)
    );
  }

  /** The host if it can be a name at all: it becomes part of keys. */
  #fitHost(host: string): string | undefined {
    if (host === this.#known) return this.#known;
    if (!/^[^\s\p{Cc}]{1,255}$/u.test(host)) return undefined;
    this.#known = host;
    return host;
  }

  #bare(line: string, at: number, time: number): SyslogEntry {
    return entry(time, this.#host, '', 0, line, behindStream(line, at));
  }
}

function entry(
  time: number,
  host: string,
  program: string,
  pid: number,
  line: string,
  start: number,
): SyslogEntry {
  const end = line.charCodeAt(line.length - 1) === 13 ? line.length - 1 : line.length;
  // Solaris puts the message's number and priority first: `[ID 197553 mail.info] `.
  const at = line.startsWith('[ID ', start) ? behindSolarisId(line, start) : start;
  if (line.startsWith('message repeated ', at)) {
    const repeat = /^message repeated (\d{1,9}) times?: \[ ?/.exec(line.slice(at, at + 60));
    if (repeat !== null && line.charCodeAt(end - 1) === 93) {
      const repeated = Math.min(Number(repeat[1]), MAX_REPEATS);
      return { time, host, program, pid, message: line.slice(at + repeat[0].length, end - 1), repeated };
    }
  }
  return { time, host, program, pid, message: line.slice(at, end), repeated: 1 };
}

function behindPriority(line: string, start: number): number {
  const end = line.indexOf('>', start);
  return end > start && end - start <= 12 ? behindBlanks(line, end + 1) : start;
}

function behindBlanks(line: string, start: number): number {
  let at = start;
  while (line.charCodeAt(at) === SPACE) at += 1;
  return at;
}

/** The start of the next word. */
function behindWord(line: string, start: number): number {
  const end = line.indexOf(' ', start);
  return end < 0 ? line.length : behindBlanks(line, end);
}

function word(line: string, start: number, next: number): string {
  return line.slice(start, next).trimEnd();
}

function digits(text: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : 0;
}

/** `mail.info`, as busybox and `syslogd -v` write it between host and tag. */
function isFacility(line: string, at: number): boolean {
  return /^[a-z0-9]{2,10}\.[a-z]{3,8} /.test(line.slice(at, at + 20));
}

function behindSolarisId(line: string, start: number): number {
  const found = /^\[ID \d{1,10} [a-z0-9]{2,10}\.[a-z]{3,8}\] /.exec(line.slice(start, start + 40));
  return found === null ? start : start + found[0].length;
}

/** Kubernetes' runtimes write `stdout F ` between their stamp and the text. */
function behindStream(line: string, start: number): number {
  const found = /^std(?:out|err) [FP] /.exec(line.slice(start, start + 9));
  return found === null ? start : start + found[0].length;
}

/** Behind `-` or `[id name="value" …]…` (RFC 5424 §6.3); -1 if it is neither. */
function behindStructuredData(line: string, start: number): number {
  if (line.charCodeAt(start) === 45) return start + 1;
  let at = start;
  while (line.charCodeAt(at) === BRACKET) {
    let quoted = false;
    for (at += 1; at < line.length; at++) {
      const code = line.charCodeAt(at);
      if (code === 92 && quoted) at += 1;
      else if (code === 34) quoted = !quoted;
      else if (code === 93 && !quoted) break;
    }
    at += 1;
  }
  return at > start && at <= line.length ? at : -1;
}
