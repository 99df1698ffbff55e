import type { LogEntry } from '../parser.ts';
import { ByteStamp } from './byte-stamp.ts';
import { ByteTags } from './byte-tags.ts';
import { LineBytes } from './line-bytes.ts';
import { EVERY, NONE } from './line-scanner.ts';
import { StampReader } from './stamp.ts';
import type { LocalZone } from './zone.ts';

const SPACE = 32;
const COLON = 58;
const BRACKET = 91;
const CLOSE = 93;
const LOWER_M = 109;
const LONGEST_PID = 10;

/** How envelopes are read from bytes. */
export interface ByteEnvelopeOptions {
  readonly zone: LocalZone;
  readonly latest: () => number;
  /** Which needles lines of a program must hold one of, as `LineScanner` asks for it; absent: any. */
  readonly needlesOf?: (program: string) => number;
}

/**
 * Envelopes `stamp host program[pid]: ` read from the bytes of a line. It knows nothing of syslog by itself: it takes
 * over what the string road made of a line, and reads those lines only that are the same in all bytes but those of
 * minutes, seconds and pid.
 */
export class ByteEnvelope extends LineBytes {
  /** The needles of which the line must hold one to matter. */
  needles = EVERY;
  /** The line read last has a stamp like those before, but its host or program is new. */
  isStrange = false;
  readonly #needlesOf: (program: string) => number;
  readonly #stamp: ByteStamp;
  readonly #text: StampReader;
  readonly #latest: () => number;
  readonly #tags = new ByteTags();

  constructor({ zone, latest, needlesOf = () => EVERY }: ByteEnvelopeOptions) {
    super();
    this.#needlesOf = needlesOf;
    this.#stamp = new ByteStamp(zone);
    this.#text = new StampReader(zone, latest);
    this.#latest = latest;
  }

  /**
   * Reads the line `chunk[from..until)` into the fields; false, without any meaning in them, if it looks new. Of a line
   * whose program makes no needle matter ({@link NONE}) only that is read.
   */
  read(chunk: Buffer, from: number, until: number): boolean {
    this.of(chunk);
    const stamp = this.#stamp;
    this.isStrange = false;
    if (!stamp.read(this.view, from, until, this.#latest)) return false;
    const tags = this.#tags;
    const tag = tags.find(this.view, stamp.end, until);
    if (tag === undefined) {
      this.isStrange = true;
      return false;
    }
    this.needles = tag.needles;
    // The bulk of a log: lines of programs that are of no interest, whatever stands behind.
    if (tag.needles === NONE) return true;
    const start = this.#readPid(chunk, tags.end, until);
    // What rsyslog and Solaris put before a message is left to the string road.
    if (start < 0 || chunk[start] === BRACKET || chunk[start] === LOWER_M) return false;
    this.time = stamp.time;
    this.host = tag.host;
    this.program = tag.program;
    this.start = start;
    this.end = chunk[until - 1] === 13 ? until - 1 : until;
    return true;
  }

  /** Takes over how the string road has read the line `chunk[from..until)`. */
  learn(chunk: Buffer, from: number, until: number, entry: LogEntry): void {
    if (this.read(chunk, from, until)) return;
    const stamp = this.#stamp;
    const latest = this.#latest;
    const { view } = this;
    if (!stamp.read(view, from, until, latest)) stamp.learn(chunk, from, entry.time, this.#text, latest);
    if (!stamp.read(view, from, until, latest) || stamp.time !== entry.time) return;
    const { host, program } = entry;
    // Behind a stamp that carries its zone the same word is the writer's stamp, and no host.
    if (this.#text.read(host, 0)) return;
    if (this.#tags.find(view, stamp.end, until) !== undefined) return;
    this.#tags.learn(view, stamp.end, until, { host, program, needles: this.#needlesOf(program) });
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
