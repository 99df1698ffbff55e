import {
  CONTRACT,
  type Emit,
  type LogEntry,
  type LogParser,
  type ParserModule,
  type Trace,
  toAddress,
} from 'maillog-tlsrpt/parser';
import type { Context, Settings, Told } from './context.ts';
import { closeCutthroughs } from './deliveries.ts';
import { nextHopDomain } from './domains.ts';
import { readEnvelope, splitMessageId } from './envelope.ts';
import { EVENT_MARK } from './event-line.ts';
import { allFacts, Facts } from './facts.ts';
import { hintsOf } from './hints.ts';
import { type Guess, letGo, letGoIdle, letGuessGoIdle, tellGuess } from './inference.ts';
import { complete, finish, readText } from './message.ts';
import { type EximOptions, globOf, optionsSchema, readRelayhost, scopeOf } from './options.ts';
import { joinPieces } from './pieces.ts';
import { noteReturn, returnedReports } from './returned.ts';
import { RULES, type RuleName } from './rules.ts';
import {
  isEmpty,
  type MessageState,
  messageKey,
  newMessage,
  type Open,
  stateOf,
  type Table,
} from './state.ts';

/** An hour: longer than one queue run lives, shorter than what keeps a day open. */
const IDLE_SECONDS = 3600;
const OWN_IDLE_SECONDS = 2 * 86_400;

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
  readonly #settings: Settings;
  readonly #ownSender: string | undefined;

  constructor(options: EximOptions) {
    const programs = options.programs.map(globOf);
    this.envelope = (line, context) =>
      readEnvelope(line, context, (tag) => programs.some((program) => program.test(tag)));
    this.#ownSender = options.ownSender?.toLowerCase();
    this.needles = needlesFor(options.ownSender);
    this.#settings = {
      scope: scopeOf(options),
      relayhosts: (options.relayhosts ?? []).flatMap((text) => readRelayhost(text) ?? []),
      sendingMtaIp: toAddress(options.sendingMtaIp ?? ''),
      inferPlaintext: options.inferPlaintext ?? true,
      midStream: options.midStream ?? false,
    };
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
    if (split === undefined) return 'no-message';
    const { id, text } = split;
    const key = messageKey(entry.host, id);
    if (text === 'Completed' || text.startsWith('Completed '))
      return this.#completed(key, entry, table, emit);
    if (text.startsWith('<= ') || text.startsWith('(= ')) return this.#arrived(key, entry, text, table, emit);
    if (text.startsWith('*> ')) return 'delivery-suppressed';
    const facts = new Facts(table, entry.host);
    const state = stateOf(table.get(key), 'message') ?? newMessage();
    const context = this.#context(state, entry, table, emit, facts);
    const { rule, showsTls } = readText(context, text, facts);
    if (state.own && text.startsWith('** ')) noteReturn(text, entry.time, table);
    if (showsTls) letGo(table, entry.host, facts, emit);
    if (isEmpty(state)) table.delete(key);
    else if (rule !== 'other' && rule !== 'unknown') keep(table, key, state);
    return rule;
  }

  #completed(key: string, entry: LogEntry, table: Table, emit: Emit): RuleName {
    const state = stateOf(table.get(key), 'message');
    if (state !== undefined) {
      complete(this.#context(state, entry, table, emit, new Facts(table, entry.host)));
      table.delete(key);
    }
    return 'completed';
  }

  /** The envelope sender of a message of ours is told here only; a cutthrough delivery is complete now. */
  #arrived(key: string, entry: LogEntry, text: string, table: Table, emit: Emit): RuleName {
    const known = stateOf(table.get(key), 'message');
    const own =
      this.#ownSender !== undefined && text.slice(3).split(' ', 1)[0]?.toLowerCase() === this.#ownSender;
    if (known === undefined && !own) return 'arrival';
    const state = known ?? newMessage();
    state.own ||= own;
    closeCutthroughs(this.#context(state, entry, table, emit, new Facts(table, entry.host)));
    keep(table, key, state);
    return 'arrival';
  }

  #context(
    state: MessageState,
    { time, pid, host }: LogEntry,
    table: Table,
    emit: Emit,
    facts: Facts,
  ): Context {
    const tell = this.#teller(state, emit, (guess) => tellGuess(table, host, facts, guess, emit));
    return { state, time, pid, settings: this.#settings, tlsIsOptional: facts.tlsIsOptional, tell };
  }

  /** Where the sessions of a message go: to the next hop's domain, guesses through their guard. */
  #teller(
    state: MessageState,
    emit: Emit,
    tellGuessed: (guess: Guess, emit: Emit) => boolean,
  ): Context['tell'] {
    return ({ time, domain, core, guess }: Told) => {
      const { receivingMxHostname, receivingIp = '' } = core;
      const report = nextHopDomain(domain, receivingMxHostname, receivingIp, this.#settings.relayhosts);
      if (report === undefined) return false;
      const { own } = state;
      if (guess !== undefined) return tellGuessed({ time, domain: report, own, core, ...guess }, emit);
      emit({ time, recipientDomain: report, ...core, ...(own && { own }) });
      return true;
    };
  }

  idle(_key: string, open: Open, emit: Emit): void {
    const held = stateOf(open, 'held');
    if (held !== undefined) letGoIdle(held, emit);
    const state = stateOf(open, 'message');
    if (state === undefined) return;
    const tell = this.#teller(state, emit, letGuessGoIdle);
    finish({ state, time: 0, pid: 0, settings: this.#settings, tlsIsOptional: false, tell });
  }

  returned(table: Table, keys: Iterable<string>) {
    return returnedReports(table, keys);
  }

  hints(table: Table, keys: Iterable<string>) {
    return hintsOf(allFacts(table, keys));
  }
}

/** That a message is ours must be known for as long as it is tried again. */
function keep(table: Table, key: string, state: MessageState): void {
  table.set(key, state, state.own ? OWN_IDLE_SECONDS : IDLE_SECONDS);
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
