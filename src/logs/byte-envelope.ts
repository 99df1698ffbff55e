import type { ByteEntry, LogEntry, Zone } from '../parser.ts';
import { ByteStamp } from './byte-stamp.ts';
import { StampReader } from './stamp.ts';

const SPACE = 32;
const COLON = 58;
const BRACKET = 91;
const CLOSE = 93;
const LOWER_M = 109;
const MOST_TAGS = 32;
const LONGEST_PID = 10;

/** What stands between stamp and pid: `blank host blank program [`. */
interface Tag {
  readonly bytes: Uint8Array;
  readonly host: string;
  readonly program: string;
}

export interface ByteEnvelopeOptions {
  readonly zone: Zone;
  readonly latest: () => number;
}

/**
 * Envelopes `stamp host program[pid]: ` read from the bytes of a line. It knows nothing of syslog by itself: it takes
 * over what the string road made of a line, and reads those lines only that are the same in all bytes but those of
 * minutes, seconds and pid.
 */
export class ByteEnvelope implements ByteEntry {
  time = 0;
  host = '';
  program = '';
  pid = 0;
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  readonly #stamp = new ByteStamp();
  readonly #text: StampReader;
  readonly #latest: () => number;
  readonly #tags: Tag[] = [];
  #last: Tag | undefined;

  constructor({ zone, latest }: ByteEnvelopeOptions) {
    this.#text = new StampReader(zone, latest);
    this.#latest = latest;
  }

  /** Reads the line `chunk[from..until)` into the fields; false, without any meaning in them, if it looks new. */
  read(chunk: Buffer, from: number, until: number): boolean {
    const stamp = this.#stamp;
    if (!stamp.read(chunk, from, this.#latest())) return false;
    const tag = this.#tagAt(chunk, stamp.end);
    if (tag === undefined) return false;
    const start = this.#readPid(chunk, stamp.end + tag.bytes.length, until);
    // What rsyslog and Solaris put before a message is left to the string road.
    if (start < 0 || chunk[start] === BRACKET || chunk[start] === LOWER_M) return false;
    this.time = stamp.time;
    this.host = tag.host;
    this.program = tag.program;
    this.bytes = chunk;
    this.start = start;
    this.end = chunk[until - 1] === 13 ? until - 1 : until;
    return true;
  }

  text(from: number, until: number): string {
    const text = this.bytes.toString('utf8', from, until);
    return text.includes('\0') ? text.replaceAll('\0', '?') : text;
  }

  holds(known: Uint8Array, from: number): boolean {
    const { length } = known;
    return (
      from + length <= this.bytes.length && this.bytes.compare(known, 0, length, from, from + length) === 0
    );
  }

  /** Takes over how the string road has read the line `chunk[from..until)`. */
  learn(chunk: Buffer, from: number, until: number, entry: LogEntry): void {
    if (this.read(chunk, from, until)) return;
    const stamp = this.#stamp;
    const latest = this.#latest();
    if (!stamp.read(chunk, from, latest)) stamp.learn(chunk, from, entry.time, this.#text, latest);
    if (!stamp.read(chunk, from, latest) || stamp.time !== entry.time) return;
    const bytes = Buffer.from(` ${entry.host} ${entry.program}[`, 'latin1');
    const known = this.#tagAt(chunk, stamp.end) !== undefined;
    if (known || !isAscii(bytes) || !bytes.equals(chunk.subarray(stamp.end, stamp.end + bytes.length)))
      return;
    if (this.#tags.length >= MOST_TAGS) this.#tags.shift();
    this.#tags.push({ bytes, host: entry.host, program: entry.program });
  }

  #tagAt(chunk: Buffer, at: number): Tag | undefined {
    const last = this.#last;
    if (last !== undefined && startsWith(chunk, at, last.bytes)) return last;
    for (const tag of this.#tags) {
      if (!startsWith(chunk, at, tag.bytes)) continue;
      this.#last = tag;
      return tag;
    }
    return undefined;
  }

  /** Reads `123]: ` at `at`; returns where the message begins, -1 if it is anything else. */
  #readPid(chunk: Buffer, at: number, until: number): number {
    let pid = 0;
    let next = at;
    for (let code = chunk[next] ?? 0; code >= 48 && code <= 57; code = chunk[++next] ?? 0)
      pid = pid * 10 + code - 48;
    this.pid = pid;
    const isPid = next > at && next - at <= LONGEST_PID;
    const ends = chunk[next] === CLOSE && chunk[next + 1] === COLON && chunk[next + 2] === SPACE;
    return isPid && ends && next + 3 <= until ? next + 3 : -1;
  }
}

function startsWith(chunk: Buffer, at: number, bytes: Uint8Array): boolean {
  // From behind: what differs between programs stands there.
  for (let index = bytes.length - 1; index >= 0; index--)
    if (chunk[at + index] !== bytes[index]) return false;
  return true;
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte > 0 && byte < 0x80);
}
