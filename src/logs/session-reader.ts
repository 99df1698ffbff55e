import type { Emit, EnvelopeContext, LogEntry, LogParser, OpenSessions, Trace } from '../parser.ts';
import type { Span } from '../span.ts';
import { ByteEnvelope } from './byte-envelope.ts';
import { CoveredTime } from './covered-time.ts';
import type { LineBytes } from './line-bytes.ts';
import { ALWAYS, EVERY, LineScanner } from './line-scanner.ts';
import { OpenTable } from './open-table.ts';
import { OwnEnvelope } from './own-envelope.ts';
import { ProgramNeedles } from './program-needles.ts';
import { type LineBefore, ZoneOfLines } from './repeated-hour.ts';
import { emitTo, type SessionReaderOptions } from './session-reader-options.ts';
import { createSyslogReader, type SyslogReader } from './syslog.ts';
import { WatchedTable } from './watched-table.ts';
import { UnknownYear } from './years.ts';

/** Lines decoded only to learn their host and program, at most: of a log whose lines differ in each it would be all. */
const MOST_STRANGERS = 5000;
const NO_ENTRY: LogEntry = { time: 0, host: '', program: '', pid: 0, message: '' };

/** What went by of lines that were read elsewhere; times in UTC ms, absent where no line mattered. */
export interface PassedLines {
  readonly lines: number;
  readonly firstTime?: number;
  readonly lastTime?: number;
  readonly covered?: Span;
}

/** Reads the lines of one log through a parser: the road from bytes to sessions, without any I/O. */
export class SessionReader {
  readonly table: OpenTable;
  /** The table as the parser sees it, where it is watched. */
  readonly watched: WatchedTable | undefined;
  /** UTC ms of the first and the last stamp read. */
  firstTime: number | undefined;
  lastTime: number | undefined;
  /** The time that the lines of the present file cover. */
  readonly covered = new CoveredTime();
  /** Lines on which the parser threw, which is a fault of the parser: they were passed over. */
  faults = 0;
  firstFault: unknown;
  #faultsTaken = 0;
  readonly #open: OpenSessions;
  readonly #parser: LogParser;
  readonly #emit: Emit;
  readonly #trace: Trace | undefined;
  readonly #unknown: (() => void) | undefined;
  #entryBeingRead: LogEntry = NO_ENTRY;
  readonly #zone: ZoneOfLines;
  #before: LineBefore | undefined;
  readonly #syslog: SyslogReader;
  readonly #context: EnvelopeContext;
  readonly #envelope: ByteEnvelope;
  /** Where the parser reads envelopes from bytes itself. */
  readonly #own: OwnEnvelope | undefined;
  readonly #scanner: LineScanner;
  readonly #needles: ProgramNeedles;
  /** Tells of lines that are all read because they are traced whether they would have been otherwise. */
  readonly #sieve: LineScanner | undefined;
  #isPassedOver = false;
  readonly #hasHeads: boolean;
  /** Whether the envelope holds the line that the scanner asked for last. */
  #isRead = false;
  #strangers = 0;
  #direct = 0;
  /** Lines read that turned out to be none of a log, or of a program that does not matter. */
  #passedOver = 0;

  constructor(options: SessionReaderOptions) {
    const { parser, zone, host, latest, trace, onUnknown, open, limit, fast = true } = options;
    this.#parser = parser;
    this.#emit = emitTo(options);
    this.#trace = trace;
    this.#unknown = onUnknown === undefined ? undefined : () => onUnknown(this.#entryBeingRead);
    const bound = () => latest(this.lastTime);
    this.#zone = new ZoneOfLines(zone);
    this.#syslog = createSyslogReader({ zone: this.#zone, host, latest: bound });
    this.#context = { zone: this.#zone, host, syslog: this.#syslog };
    const needles = new ProgramNeedles(parser);
    if (fast && trace === undefined && parser.envelope !== 'syslog' && parser.byteEnvelope !== undefined)
      this.#own = this.#ownEnvelope();
    this.#hasHeads = parser.needlesOf !== undefined;
    this.#needles = needles;
    if (trace !== undefined) this.#sieve = new LineScanner(parser.needles, () => undefined);
    this.#envelope = new ByteEnvelope({ zone, latest: bound, needlesOf: (program) => needles.mask(program) });
    this.#scanner =
      this.#own !== undefined || (parser.envelope === 'syslog' && fast)
        ? new LineScanner(
            parser.needles,
            (text, chunk, from, until) => this.#readFirst(text, chunk, from, until),
            {
              bytes: (chunk, from, until) => this.#readBytes(chunk, from, until),
              heads: this.#own ?? (this.#hasHeads ? this : undefined),
            },
          )
        : new LineScanner(parser.needles, (text) => this.#read(text));
    this.table = new OpenTable({
      idleSeconds: parser.idleSeconds,
      idle: (key, state) => {
        this.watched?.consulted.add(key);
        this.#guard(() => parser.idle?.(key, state, this.#emit));
      },
      onHost: (name) => this.watched?.beginHost(name),
      ...(limit !== undefined && { limit }),
    });
    if (open !== undefined) this.table.load(open);
    this.watched = options.watched === true ? new WatchedTable(this.table) : undefined;
    this.#open = this.watched ?? this.table;
  }

  /** Lines seen. */
  get lines(): number {
    return this.#direct + this.#scanner.lines;
  }

  /** Lines that had no needle, were of a program that does not matter, or none of a log. */
  get skipped(): number {
    return this.#scanner.lines - this.#scanner.decoded + this.#passedOver;
  }

  /**
   * What comes next is of another file, or of a place further on in it.
   * @param before tells the time of the line before, where it lies in an hour that comes twice; absent: that read last
   */
  nextFile(before?: LineBefore): void {
    const last = this.lastTime;
    if (before !== undefined) this.#before = before;
    // A file without a line that matters tells nothing, and those before it stand.
    else if (last !== undefined) this.#before = () => last;
    this.lastTime = undefined;
    this.covered.reset();
  }

  /**
   * Reads a piece of the log. Returns the bytes of the lines it completed, those kept from earlier pieces included:
   * the position moves on by as much, and the beginning of an unfinished line is kept.
   */
  bytes(chunk: Uint8Array): number {
    return this.#scanner.push(chunk);
  }

  /** Lines were read elsewhere, from where this reader stood; what they left open is in the table already. */
  passed({ lines, firstTime, lastTime, covered }: PassedLines): void {
    this.#direct += lines;
    this.firstTime ??= firstTime;
    this.lastTime = lastTime ?? this.lastTime;
    if (covered === undefined) return;
    this.covered.add(covered.from);
    this.covered.add(covered.until);
  }

  /** Whether nothing is kept of an unfinished line. */
  get isBetweenLines(): boolean {
    return this.#scanner.isBetweenLines;
  }

  /** Reads what is kept as a last line without a newline; returns its bytes. */
  finish(): number {
    return this.#scanner.finish();
  }

  /** Forgets what is kept of an unfinished line. */
  discard(): void {
    this.#scanner.discard();
  }

  /** Reads one line, without its newline. */
  line(text: string): void {
    this.#direct += 1;
    this.#read(text);
  }

  /** The faults since this was last asked. */
  takeFaults(): number {
    const fresh = this.faults - this.#faultsTaken;
    this.#faultsTaken = this.faults;
    return fresh;
  }

  /** The log is over: ends every open session. */
  end(): void {
    this.finish();
    this.table.endAll();
  }

  #read(text: string): LogEntry | undefined {
    const { envelope } = this.#parser;
    this.#zone.newLine();
    this.#isPassedOver = this.#sieve?.wouldDecode(text) === false;
    if (envelope === 'syslog') {
      const read = this.#syslog(text);
      if (read === undefined) {
        this.#passedOver += 1;
        return undefined;
      }
      const entry = this.#dated(read);
      for (let count = 0; count < entry.repeated; count++) this.#entry(entry);
      return entry;
    }
    this.#guard(() => {
      const entry = envelope(text, this.#context);
      if (entry !== undefined) this.#entry(this.#dated(entry));
    });
    return undefined;
  }

  /** The entry at the time it means, where its stamp may mean two. */
  #dated<E extends LogEntry>(entry: E): E {
    if (entry.isExact === true) return entry;
    const time = this.#zone.meant(entry.time, this.lastTime, this.#before);
    return time === entry.time ? entry : { ...entry, time };
  }

  #ownEnvelope(): OwnEnvelope {
    return new OwnEnvelope({
      parser: this.#parser,
      context: this.#context,
      onLine: () => this.#zone.newLine(),
      meant: (time) => this.#zone.meant(time, this.lastTime, this.#before),
      onFault: (fault) => this.#noteFault(fault),
    });
  }

  /** What the line `chunk[from..until)` must hold to matter, as its host and program tell. */
  needlesOf(chunk: Buffer, from: number, until: number): number {
    const envelope = this.#envelope;
    this.#isRead = envelope.read(chunk, from, until);
    if (this.#isRead) return envelope.needles;
    if (!envelope.isStrange || this.#strangers >= MOST_STRANGERS) return EVERY;
    this.#strangers += 1;
    const entry = this.#syslog(chunk.toString('utf8', from, until));
    if (entry === undefined) return EVERY;
    envelope.learn(chunk, from, until, entry);
    this.#isRead = envelope.read(chunk, from, until);
    return this.#isRead ? envelope.needles : EVERY;
  }

  /** A line like one met before, without decoding more of it than the parser needs. */
  #readBytes(chunk: Buffer, from: number, until: number): boolean {
    const own = this.#own;
    if (own !== undefined) return own.isRead && this.#take(own, false);
    const envelope = this.#envelope;
    if (!(this.#hasHeads ? this.#isRead : envelope.read(chunk, from, until))) return false;
    return this.#take(envelope, this.#hasHeads && envelope.needles !== ALWAYS);
  }

  /** @param mayPassOver only its text tells whether the line matters */
  #take(envelope: LineBytes, mayPassOver: boolean): true {
    const { time, host, program, pid } = envelope;
    if (this.#trace === undefined && this.#parser.bytes !== undefined && !mayPassOver) {
      this.#advance(time, host);
      if (this.#parserTook(envelope)) return true;
    }
    this.#entry({ time, host, program, pid, message: envelope.text(envelope.start, envelope.end) });
    return true;
  }

  #parserTook(envelope: LineBytes): boolean {
    try {
      return this.#parser.bytes?.(envelope, this.#open, this.#emit) === true;
    } catch (fault) {
      this.#noteFault(fault);
      return true;
    }
  }

  /** A line whose envelope is new: those that look like it are read from their bytes. */
  #readFirst(text: string, chunk: Buffer, from: number, until: number): void {
    const entry = this.#read(text);
    if (entry !== undefined) this.#envelope.learn(chunk, from, until, entry);
  }

  #advance(time: number, host: string): void {
    this.firstTime ??= time;
    this.lastTime = time;
    this.covered.add(time);
    this.table.advance(time, host);
  }

  #noteFault(fault: unknown): void {
    // That no parser can help.
    if (fault instanceof UnknownYear) throw fault;
    this.firstFault ??= fault;
    this.faults += 1;
  }

  #entry(entry: LogEntry): void {
    const matters = this.#matters(entry);
    if (!matters && this.#trace === undefined) {
      this.#passedOver += 1;
      return;
    }
    // What is read for the trace alone must not move the clock on, or all would be told otherwise than it was read.
    if (matters && !this.#isPassedOver) this.#advance(entry.time, entry.host);
    this.#entryBeingRead = entry;
    this.#guard(() => this.#parser.entry(entry, this.#open, this.#emit, this.#trace, this.#unknown));
  }

  #matters(entry: LogEntry): boolean {
    try {
      return this.#needles.matter(entry) && this.#parser.matters?.(entry) !== false;
    } catch (fault) {
      this.#noteFault(fault);
      return false;
    }
  }

  /** A parser that throws must cost no more than the line it throws on. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (fault) {
      this.#noteFault(fault);
    }
  }
}
