import type { Emit, LogEntry } from 'maillog-tlsrpt/parser';
import type { Context, Settings, Told } from './context.ts';
import { Facts } from './facts.ts';
import { isArrival } from './heads.ts';
import { type Guess, letGo, letGoIdle, letGuessGoIdle, tellGuess } from './inference.ts';
import { complete, finish, type Reading, readText } from './message.ts';
import { noteReturn } from './returned.ts';
import type { RuleName } from './rules.ts';
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
export const IDLE_SECONDS = 3600;
const OWN_IDLE_SECONDS = 2 * 86_400;

/** Where a line stands: what of an entry is no text. */
export type Place = Pick<LogEntry, 'time' | 'host' | 'pid'>;

/** Leads the lines of a message to what is open of it, and its sessions to where they go. */
export class Messages {
  readonly #settings: Settings;
  readonly #isOwn: (arrival: string) => boolean;

  /** @param isOwn whether a message that came in is a report of ours */
  constructor(settings: Settings, isOwn: (arrival: string) => boolean) {
    this.#settings = settings;
    this.#isOwn = isOwn;
  }

  /** Reads the text behind the id of a message. */
  line(place: Place, id: string, text: string, table: Table, emit: Emit): RuleName {
    const key = messageKey(place.host, id);
    if (text === 'Completed' || text.startsWith('Completed '))
      return this.#completed(key, place, table, emit);
    if (isArrival(text)) return this.#arrived(key, text, table);
    if (text.startsWith('*> ')) return 'delivery-suppressed';
    const returns = text.startsWith('** ');
    return this.read(key, place, table, emit, (context, facts) => {
      const reading = readText(context, text, facts);
      if (returns && context.state.own) noteReturn(text, place.time, table);
      return reading;
    });
  }

  /** Reads a line of the message of this key by `read`, which may change what is open of it. */
  read(
    key: string,
    place: Place,
    table: Table,
    emit: Emit,
    read: (context: Context, facts: Facts) => Reading,
  ): RuleName {
    const facts = new Facts(table, place.host);
    const state = stateOf(table.get(key), 'message') ?? newMessage();
    const { rule, showsTls } = read(this.#context(state, place, table, emit, facts), facts);
    if (showsTls) letGo(table, place.host, facts, emit);
    if (isEmpty(state)) table.delete(key);
    else if (rule !== 'other' && rule !== 'unknown') keep(table, key, state);
    return rule;
  }

  /** What is open under a key is over, for nothing more comes of it. */
  idle(open: Open, emit: Emit): void {
    const held = stateOf(open, 'held');
    if (held !== undefined) letGoIdle(held, emit);
    const state = stateOf(open, 'message');
    if (state === undefined) return;
    const tell = this.#teller(state, emit, letGuessGoIdle);
    finish({ state, time: 0, pid: 0, settings: this.#settings, tlsIsOptional: false, tell });
  }

  #completed(key: string, place: Place, table: Table, emit: Emit): RuleName {
    const state = stateOf(table.get(key), 'message');
    if (state !== undefined) {
      complete(this.#context(state, place, table, emit, new Facts(table, place.host)));
      table.delete(key);
    }
    return 'completed';
  }

  /** The envelope sender of a message of ours is told here only. All other arrivals are passed over. */
  #arrived(key: string, text: string, table: Table): RuleName {
    if (!this.#isOwn(text)) return 'arrival';
    const state = stateOf(table.get(key), 'message') ?? newMessage();
    state.own = true;
    keep(table, key, state);
    return 'arrival';
  }

  #context(state: MessageState, place: Place, table: Table, emit: Emit, facts: Facts): Context {
    const { time, pid, host } = place;
    const tell = this.#teller(state, emit, (guess) => tellGuess(table, host, facts, guess, emit));
    return { state, time, pid, settings: this.#settings, tlsIsOptional: facts.tlsIsOptional, tell };
  }

  /** Where the sessions of a message go: guesses through their guard. */
  #teller(
    state: MessageState,
    emit: Emit,
    tellGuessed: (guess: Guess, emit: Emit) => boolean,
  ): Context['tell'] {
    return ({ time, domain, core, guess }: Told) => {
      const { own } = state;
      if (guess !== undefined) return tellGuessed({ time, domain, own, core, ...guess }, emit);
      emit({ time, recipientDomain: domain, ...core, ...(own && { own }) });
      return true;
    };
  }
}

/** That a message is ours must be known for as long as it is tried again. */
function keep(table: Table, key: string, state: MessageState): void {
  table.set(key, state, state.own ? OWN_IDLE_SECONDS : IDLE_SECONDS);
}
