/**
 * The plug-in contract: all a log-format parser may import (`maillog-tlsrpt/parser`), and nothing else.
 * A parser is pure and synchronous. It has no clock, files, DNS, randomness or module state; what it must remember
 * between lines stands as JSON in `OpenSessions`, which the core owns, checkpoints, bounds and expires.
 */
import type { z } from 'zod';
import type { Session } from './session.ts';

export { z } from 'zod';
export { ByteMemo } from './byte-memo.ts';
export { BytePattern } from './byte-pattern.ts';
export { isDomain, isLoopback, toAddress, toDomain } from './domain.ts';
export type { ResultType } from './result-type.ts';
export type { Basis, PeerTrust, PolicyTypeHint, Session } from './session.ts';

/** The version of this contract; a module that was written for another is refused. */
export const CONTRACT = 1;

/** What JSON can say. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
/** An object of JSON: what a value of the open-sessions table must be. */
export type JsonObject = { [key: string]: JsonValue };

/** A line with its envelope read. */
export interface LogEntry {
  /** UTC ms. */
  readonly time: number;
  /** The host that wrote the line, as its envelope names it (the reading host's name where it names none). */
  readonly host: string;
  /** The whole syslog tag without the pid: `postfix/smtp`, `postfix-out/relay/smtp`, `exim`. */
  readonly program: string;
  /** 0 where the envelope tells none. */
  readonly pid: number;
  /** The text after the tag, from its first byte: every pattern is anchored here, for all behind it may be hostile. */
  readonly message: string;
  /** A stamp that tells its zone is believed, though one that does not was read as well. */
  readonly isExact?: boolean;
}

/** A line whose envelope was read from its bytes: see {@link LogParser.bytes}. Valid during the call only. */
export interface ByteEntry extends Omit<LogEntry, 'message' | 'isExact'> {
  /** The message is `bytes[start..end)`. */
  readonly bytes: Uint8Array;
  /** All of `bytes`, to compare several at once: see {@link BytePattern}. */
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
  /** `bytes[from..until)` as the text of {@link LogEntry.message} would have it. */
  text(from: number, until: number): string;
  /** The same, faster, of bytes known to be printable ASCII. */
  ascii(from: number, until: number): string;
  /** Whether these bytes stand at `from`: for long texts faster than a loop. */
  holds(known: Uint8Array, from: number): boolean;
}

/**
 * A line whose envelope a parser reads from its bytes: see {@link LogParser.byteEnvelope}. It comes with `start` and
 * `end` of the whole line, with the reading host's name as `host`, and without anything of meaning in the other fields.
 */
export interface ByteHead extends ByteEntry {
  time: number;
  host: string;
  program: string;
  pid: number;
  start: number;
}

/**
 * What the bytes of a line's envelope tell. `unread`: they look strange, and the line is left to its text. `noise`: it
 * does not matter. `needles`: it matters if it holds one of the needles. `matters`: it does, and holds one.
 */
export type HeadReading = 'unread' | 'noise' | 'needles' | 'matters';

/** Wall-clock time of a host in UTC ms: an IANA zone, with both daylight-saving edges. */
export interface Zone {
  readonly name: string;
  /** `month` is 1..12. A time that exists twice is its first reading; see {@link EnvelopeContext.zone}. */
  toUtc(
    year: number,
    month: number,
    day: number,
    hour: number,
    minute: number,
    second: number,
    ms: number,
  ): number;
}

/** What a parser's own envelope reader gets beside the line. */
export interface EnvelopeContext {
  /**
   * The zone of stamps that carry none. To be asked for each line, even if the answer is known, but not for a stamp
   * that is not believed: of an entry whose time exists twice the core works out which of both is meant, by the lines
   * before, and learns from being asked that the line has left it open, unless the entry says that it is exact.
   */
  readonly zone: Zone;
  /** The reading host's name, for formats whose lines name no host. */
  readonly host: string;
  /** Reads the line as syslog in any of its shapes (files, journald, Docker), or undefined. */
  syslog(line: string): LogEntry | undefined;
}

/**
 * The open-sessions table, by key. Values are JSON; the core writes them down with the position, so a value that was
 * changed must be `set` again.
 */
export interface OpenSessions<Open extends JsonObject = JsonObject> {
  get(key: string): Open | undefined;
  /** `idleSeconds` replaces the parser's for this key: facts of a host outlive its sessions. */
  set(key: string, open: Open, idleSeconds?: number): void;
  /** As if it were deleted and then set: what is open under the key now began with this line. */
  renew(key: string, open: Open): void;
  delete(key: string): void;
}

/** What a log cannot witness, and what to do: "saw deliveries but never a TLS line: set smtp_tls_loglevel = 1". */
export interface Hint {
  /** Stable name, for machines: `postfix-loglevel-0`. */
  readonly id: string;
  /** What was seen, what it means, what to do, in one or two sentences. */
  readonly text: string;
}

/** How one line was taken, for `explain`. */
export interface LineReading {
  /** The rule's name in the parser's catalog: `delivery`, `tls-established`, `noise`, `unknown`. */
  readonly rule: string;
  /** What the line says, in a few words of ours, never the peer's. */
  readonly meaning: string;
  /**
   * The message or connection the line names, for `explain --queue-id`. Absent: that of the next line of the same
   * process that names one; empty: none.
   */
  readonly id?: string;
}

/** Told by the core which lines a parser read how; absent in ordinary reading, so that it costs nothing there. */
export type Trace = (reading: LineReading) => void;

/**
 * Tells a session. Sessions that are alike in all but their time may be told with one and the same object, frozen, the
 * `time` of each, and a small `number` by which the object is found again at once: then counting them need not look at
 * their fields. Two objects with the same number only push each other out.
 */
export type Emit = (session: Session, time?: number, number?: number) => void;

/** Reads the lines of one log. */
export interface LogParser<Open extends JsonObject = JsonObject> {
  /** How a line's stamp, host, program and pid are found: syslog in any shape, or the format's own way. */
  readonly envelope: 'syslog' | ((line: string, context: EnvelopeContext) => LogEntry | undefined);
  /** Fixed byte strings (ASCII); a line that holds none of them is skipped undecoded. */
  readonly needles: readonly string[];
  /**
   * Where programs tell which lines matter: the needles of which the message of a line of this program must hold one;
   * none at all for a program that is of no interest, and '' where each of its lines matters. A line that does not is
   * passed over, whatever it holds, in most cases by its first bytes.
   */
  needlesOf?(program: string): readonly string[];
  /**
   * Whether an entry matters, by its head; left out where each does that holds a needle. One that does not is passed over
   * as if it were not there; only while tracing `entry` gets it, and must tell no session.
   */
  matters?(entry: LogEntry): boolean;
  /** Silence, in log time, after which a key of the open-sessions table is over. */
  readonly idleSeconds: number;
  /**
   * Reads one entry. Strange input is ignored, never thrown on. `trace`, when given, is called once per entry of this
   * format; `unknown`, when given, for one that no rule knows: it is counted, and a sample is shown.
   */
  entry(entry: LogEntry, open: OpenSessions<Open>, emit: Emit, trace?: Trace, unknown?: () => void): void;
  /**
   * A faster road for the commonest lines, which may be left out. Does exactly what `entry` would do for the line and
   * returns true; or does nothing at all and returns false, and `entry` gets the line. Not called while tracing.
   */
  bytes?(entry: ByteEntry, open: OpenSessions<Open>, emit: Emit): boolean;
  /**
   * The beginning of that road where `envelope` is the format's own, without which `bytes` is never called for it. For
   * `needles` and `matters` it sets the fields of the line to what `envelope` would tell, and `start` to the message;
   * `noise` is what `matters` would pass over. Not called while tracing.
   */
  byteEnvelope?(line: ByteHead, context: EnvelopeContext): HeadReading;
  /** Called once for each key that falls idle or, with `sessions`, at end of input; the core then deletes the key. */
  idle?(key: string, open: Open, emit: Emit): void;
  /** What the log read so far could not witness. */
  hints?(open: OpenSessions<Open>, keys: Iterable<string>): readonly Hint[];
  /** Reports of ours that came back, as far as the open-sessions table remembers; each may be told again and again. */
  returned?(open: OpenSessions<Open>, keys: Iterable<string>): readonly ReturnedReport[];
}

/** A report of ours that a server refused for good, or that the MTA gave up. */
export interface ReturnedReport {
  /** The address as the log has it; it is one that a domain's record names. */
  readonly recipient: string;
  /** UTC ms of the line that tells it. */
  readonly time: number;
}

/** A log format: the named export `parser` of a parser's module. */
export interface ParserModule<Options = unknown, Open extends JsonObject = JsonObject> {
  /** Lower case, as in the config: `postfix`. */
  readonly name: string;
  /** Must equal {@link CONTRACT}. */
  readonly contract: number;
  /**
   * Checks and completes the parser's options; bad ones are refused with its sentence. A name that it does not have is
   * refused too, but for those of {@link CommonOptions}, unless it is a loose object.
   */
  readonly options: z.ZodType<Options>;
  /** The named rules of {@link LineReading}, with the sentence `explain` shows. */
  readonly rules?: Readonly<Record<string, string>>;
  /** Whether the format writes such lines (whole ones, with their envelope), for `parser: auto`. */
  recognises?(line: string): boolean;
  create(options: Options): LogParser<Open>;
}

/** Options every parser gets from the config and the command line; a parser ignores those it has no use for. */
export interface CommonOptions {
  /** Next hops that stand for the recipient's domain: `[smtp.isp.example]:587`. */
  readonly relayhosts?: readonly string[];
  readonly fallbackRelays?: readonly string[];
  /** The envelope sender of our own reports; their sessions are marked `own`. */
  readonly ownSender?: string;
  /** The address the MTA sends from, where the log does not tell. */
  readonly sendingMtaIp?: string;
  /** Postfix's smtp_tls_loglevel where it is known. */
  readonly tlsLogLevel?: number;
  /** Whether a clear-text delivery may be read as starttls-not-supported, under the format's guards. */
  readonly inferPlaintext?: boolean;
  /** The log begins in the middle: nothing is known of what came before. */
  readonly midStream?: boolean;
}
