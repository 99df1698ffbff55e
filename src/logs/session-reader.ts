import type { EnvelopeContext, LogEntry, LogParser, Trace, Zone } from '../parser.ts';
import type { Session } from '../session.ts';
import { LineScanner } from './line-scanner.ts';
import { OpenTable } from './open-table.ts';
import { createSyslogReader, type SyslogReader } from './syslog.ts';

export interface SessionReaderOptions {
  readonly parser: LogParser;
  /** The zone of stamps that carry none. */
  readonly zone: Zone;
  /** The reading host's name, for lines that name none. */
  readonly host: string;
  /** UTC ms: bounds the year of stamps without one. */
  readonly latest: () => number;
  readonly onSession: (session: Session) => void;
  readonly trace?: Trace;
  /** What was open when the log was last read; empty when absent. */
  readonly open?: Parameters<OpenTable['load']>[0];
  /** Keys of the open-sessions table kept at most. */
  readonly limit?: number;
}

/** Reads the lines of one log through a parser: the road from bytes to sessions, without any I/O. */
export class SessionReader {
  readonly table: OpenTable;
  /** UTC ms of the first and the last stamp read. */
  firstTime: number | undefined;
  lastTime: number | undefined;
  /** Lines on which the parser threw, which is a fault of the parser: they were passed over. */
  faults = 0;
  firstFault: unknown;
  readonly #parser: LogParser;
  readonly #emit: (session: Session) => void;
  readonly #trace: Trace | undefined;
  readonly #syslog: SyslogReader;
  readonly #context: EnvelopeContext;
  readonly #scanner: LineScanner;
  #direct = 0;

  constructor(options: SessionReaderOptions) {
    const { parser, zone, host, latest, onSession, trace, open, limit } = options;
    this.#parser = parser;
    this.#emit = onSession;
    this.#trace = trace;
    this.#syslog = createSyslogReader({ zone, host, latest });
    this.#context = { zone, host, syslog: this.#syslog };
    this.#scanner = new LineScanner(parser.needles, (text) => this.#read(text));
    this.table = new OpenTable({
      idleSeconds: parser.idleSeconds,
      idle: (key, state) => this.#guard(() => parser.idle?.(key, state, onSession)),
      ...(limit !== undefined && { limit }),
    });
    if (open !== undefined) this.table.load(open);
  }

  /** Lines seen. */
  get lines(): number {
    return this.#direct + this.#scanner.lines;
  }

  /** Lines that had no needle. */
  get skipped(): number {
    return this.#scanner.lines - this.#scanner.decoded;
  }

  /**
   * Reads a piece of the log. Returns the bytes of the lines it completed, those kept from earlier pieces included:
   * the position moves on by as much, and the beginning of an unfinished line is kept.
   */
  bytes(chunk: Uint8Array): number {
    return this.#scanner.push(chunk);
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

  /** The log is over: ends every open session. */
  end(): void {
    this.finish();
    this.table.endAll();
  }

  #read(text: string): void {
    const { envelope } = this.#parser;
    if (envelope === 'syslog') {
      const entry = this.#syslog(text);
      if (entry === undefined) return;
      for (let count = 0; count < entry.repeated; count++) this.#entry(entry);
    } else {
      this.#guard(() => {
        const entry = envelope(text, this.#context);
        if (entry !== undefined) this.#entry(entry);
      });
    }
  }

  #entry(entry: LogEntry): void {
    this.firstTime ??= entry.time;
    this.lastTime = entry.time;
    this.table.advance(entry.time, entry.host);
    this.#guard(() => this.#parser.entry(entry, this.table, this.#emit, this.#trace));
  }

  /** A parser that throws must cost no more than the line it throws on. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (fault) {
      this.firstFault ??= fault;
      this.faults += 1;
    }
  }
}
