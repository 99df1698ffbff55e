import { Conversations } from './explain/conversations.ts';
import { LineScanner } from './logs/line-scanner.ts';
import { SessionReader } from './logs/session-reader.ts';
import type { YearBound } from './logs/years.ts';
import type { LocalZone } from './logs/zone.ts';
import type { LineReading, LogEntry, LogParser } from './parser.ts';
import type { Session } from './session.ts';

/** A line the parser read, and what came of it. */
export interface ExplainedLine {
  /** As {@link Explainer.file} was given it. */
  readonly file: string;
  /** In the file, from 1. */
  readonly line: number;
  /** UTC ms. */
  readonly time: number;
  readonly text: string;
  /** The rule's name in the parser's catalog; `unknown` if none knows the line. */
  readonly rule: string;
  /** What the rule says: also why the line made no session, where it made none. */
  readonly meaning: string;
  /** The sessions told at this line; their own time is that of the line that proved them. */
  readonly sessions: readonly Session[];
}

/** A session told by no line: its connection fell silent, or the log ended. */
export interface ExplainedSilence {
  readonly key: string;
  readonly session: Session;
}

/** Which lines are shown; all are read, for what is shown hangs on what came before. */
export interface ExplainFilter {
  /** Lines of the conversations in which this queue id (or connection id) stands. */
  readonly queueId?: string;
  /** Lines of the conversations that name this domain, or a host in it. */
  readonly domain?: string;
  /** Line numbers, first and last. */
  readonly lines?: readonly [number, number];
}

/** How lines are read and which of them are told. */
export interface ExplainOptions {
  readonly parser: LogParser;
  readonly zone: LocalZone;
  /** The reading host's name, for lines that name none. */
  readonly host: string;
  /** Bounds the year of stamps without one. */
  readonly latest: YearBound;
  readonly filter: ExplainFilter;
  readonly onLine: (line: ExplainedLine) => void;
  readonly onSilence: (silence: ExplainedSilence) => void;
}

/** What was read and shown, in numbers. */
export interface ExplainTotals {
  readonly lines: number;
  /** Lines the parser took for its own. */
  readonly relevant: number;
  /** Those of them that no rule knows. */
  readonly unknown: number;
  readonly sessions: number;
}

/** What came of the line that is being read. */
interface Current {
  entry?: LogEntry;
  reading?: LineReading;
  readonly told: Session[];
}

/** Reads logs as ever, and tells of each line what it was taken for and what came of it. */
export class Explainer {
  readonly #options: ExplainOptions;
  readonly #reader: SessionReader;
  readonly #conversations: Conversations;
  #scanner: LineScanner;
  #file = '';
  #number = 0;
  #total = { lines: 0, relevant: 0, unknown: 0, sessions: 0 };
  #current: Current = { told: [] };
  /** The key that is falling silent while the parser's `idle` runs. */
  #idleKey: string | undefined;

  constructor(options: ExplainOptions) {
    const { zone, host, latest } = options;
    this.#options = options;
    this.#conversations = new Conversations(options.filter, options.onLine);
    this.#scanner = this.#newScanner();
    this.#reader = new SessionReader({
      parser: this.#watched(options.parser),
      zone,
      host,
      latest,
      onSession: (session) => this.#tell(session),
      trace: (reading) => {
        this.#current.reading = reading;
      },
    });
  }

  get totals(): ExplainTotals {
    return this.#total;
  }

  /** The next bytes are of this file. */
  file(name: string): void {
    this.#finishFile();
    this.#reader.nextFile();
    this.#file = name;
    this.#number = 0;
  }

  bytes(chunk: Uint8Array): void {
    this.#scanner.push(chunk);
  }

  /** The logs are over: tells what was still open. */
  end(): void {
    this.#finishFile();
    this.#reader.end();
    this.#conversations.end();
  }

  #finishFile(): void {
    this.#scanner.finish();
    this.#scanner = this.#newScanner();
  }

  /** Without needles: a line that ordinary reading skips tells no session, and its rule may say why. */
  #newScanner(): LineScanner {
    return new LineScanner([], (text) => this.#line(text));
  }

  #line(text: string): void {
    this.#number += 1;
    this.#total.lines += 1;
    const current: Current = { told: [] };
    this.#current = current;
    this.#reader.line(text);
    const { entry, reading, told } = current;
    if (entry === undefined || reading === undefined) return;
    const { rule, meaning } = reading;
    this.#total.relevant += 1;
    if (rule === 'unknown') this.#total.unknown += 1;
    const { time } = entry;
    const line = { file: this.#file, line: this.#number, time, text, rule, meaning, sessions: told };
    this.#conversations.add(line, entry, reading.id);
  }

  /** The parser, with an eye on what it is at. */
  #watched(parser: LogParser): LogParser {
    return {
      envelope: parser.envelope,
      needles: parser.needles,
      ...(parser.needlesOf !== undefined && {
        needlesOf: (program: string) => parser.needlesOf?.(program) ?? [''],
      }),
      matters: (entry) => parser.matters?.(entry) !== false,
      idleSeconds: parser.idleSeconds,
      entry: (entry, open, emit, trace) => {
        this.#current.entry = entry;
        parser.entry(entry, open, emit, trace);
      },
      idle: (key, open, emit) => {
        this.#idleKey = key;
        parser.idle?.(key, open, emit);
        this.#idleKey = undefined;
      },
    };
  }

  #tell(session: Session): void {
    this.#total.sessions += 1;
    const key = this.#idleKey;
    if (key === undefined) this.#current.told.push(session);
    else if (this.#conversations.wantsSilence(key, session)) this.#options.onSilence({ key, session });
  }
}
