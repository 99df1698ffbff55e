import {
  type ByteEntry,
  type ByteHead,
  CONTRACT,
  type Emit,
  type EnvelopeContext,
  type HeadReading,
  type LogEntry,
  type LogParser,
  type ParserModule,
  type Trace,
  toAddress,
} from 'maillog-tlsrpt/parser';
import { ByteRoad } from './byte-road.ts';
import type { Settings } from './context.ts';
import { readEnvelope } from './envelope.ts';
import { EVENT_MARK } from './event-line.ts';
import { allFacts } from './facts.ts';
import { Heads } from './heads.ts';
import { hintsOf } from './hints.ts';
import { splitMessageId } from './message-id.ts';
import { IDLE_SECONDS, Messages } from './messages.ts';
import { type EximOptions, globOf, optionsSchema, readRelayhost, scopeOf } from './options.ts';
import { joinPieces } from './pieces.ts';
import { returnedReports } from './returned.ts';
import { RULES, type RuleName } from './rules.ts';
import type { Open, Table } from './state.ts';

/** Exim 4.84 to 4.99: mainlog, or syslog with and without Exim's own stamp. */
export const parser: ParserModule<EximOptions, Open> = {
  name: 'exim',
  contract: CONTRACT,
  options: optionsSchema,
  rules: RULES,
  recognises(line) {
    return (
      /(?:^|"log":"|Z (?:std(?:out|err) F )?)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{3})?(?: [+-]\d{4})?(?: \[\d+\])? [0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} /.test(
        line,
      ) || /\bexim4?(?:\[\d+\]: |["\s])/.test(line)
    );
  },
  create: (options) => new EximParser(options),
};

class EximParser implements LogParser<Open> {
  readonly envelope: Exclude<LogParser['envelope'], 'syslog'>;
  readonly needles: readonly string[];
  readonly idleSeconds = IDLE_SECONDS;
  readonly #heads: Heads;
  readonly #messages: Messages;
  readonly #byteRoad: ByteRoad;

  constructor(options: EximOptions) {
    const programs = options.programs.map(globOf);
    this.envelope = (line, context) =>
      readEnvelope(line, context, (tag) => programs.some((program) => program.test(tag)));
    this.needles = needlesFor(options.ownSender);
    const settings: Settings = {
      scope: scopeOf(options),
      relayhosts: (options.relayhosts ?? []).flatMap((text) => readRelayhost(text) ?? []),
      sendingMtaIp: toAddress(options.sendingMtaIp ?? ''),
      inferPlaintext: options.inferPlaintext ?? true,
      midStream: options.midStream ?? false,
    };
    const heads = new Heads(options.ownSender?.toLowerCase());
    this.#heads = heads;
    this.#messages = new Messages(settings, (arrival) => heads.isOwn(arrival));
    this.#byteRoad = new ByteRoad(settings, this.#messages);
  }

  matters({ message }: LogEntry): boolean {
    return this.#heads.matters(message);
  }

  byteEnvelope(line: ByteHead, context: EnvelopeContext): HeadReading {
    return this.#heads.read(line, context);
  }

  bytes(entry: ByteEntry, table: Table, emit: Emit): boolean {
    return this.#byteRoad.take(entry, table, emit);
  }

  entry(entry: LogEntry, table: Table, emit: Emit, trace?: Trace, unknown?: () => void): void {
    const joined = joinPieces(entry, table);
    const rule = typeof joined === 'string' ? PIECE_RULES[joined] : this.#line(joined, table, emit);
    if (rule === 'unknown') unknown?.();
    if (trace === undefined) return;
    const id = typeof joined === 'string' ? undefined : splitMessageId(joined.message)?.id;
    trace({ rule, meaning: RULES[rule], id: id ?? '' });
  }

  #line(entry: LogEntry, table: Table, emit: Emit): RuleName {
    const split = splitMessageId(entry.message);
    return split === undefined ? 'no-message' : this.#messages.line(entry, split.id, split.text, table, emit);
  }

  idle(_key: string, open: Open, emit: Emit): void {
    this.#messages.idle(open, emit);
  }

  returned(table: Table, keys: Iterable<string>) {
    return returnedReports(table, keys);
  }

  hints(table: Table, keys: Iterable<string>) {
    return hintsOf(allFacts(table, keys));
  }
}

const PIECE_RULES = { kept: 'line-piece', lost: 'line-piece-lost' } as const;

/**
 * Whatever holds none of these tells nothing. `: [` stands before the pieces of long syslog lines; the last texts show
 * that a session came to be (R8); `<=` matters only for our own reports.
 */
function needlesFor(ownSender: string | undefined): string[] {
  const flags = [' => ', ' -> ', ' >> ', ' ** ', ' == ', ' Completed'];
  const texts = ['TLS ', 'SSL ', 'DANE ', 'STARTTLS', EVENT_MARK.trim(), ': ['];
  const dialogue = ['SMTP error from', 'SMTP timeout', 'closed connection'];
  return [...flags, ...texts, ...dialogue, ...(ownSender === undefined ? [] : [` <= ${ownSender}`])];
}
