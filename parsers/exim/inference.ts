import type { Emit } from 'maillog-tlsrpt/parser';
import type { Facts } from './facts.ts';
import { type HeldState, type SessionCore, stateOf, type Table } from './state.ts';

/** A clear-text delivery that may mean starttls-not-supported (R12). */
export interface Guess {
  readonly time: number;
  readonly domain: string;
  readonly own: boolean;
  readonly core: SessionCore;
  /** `PS=es`: STARTTLS was asked for and refused. */
  readonly asked: boolean;
  /** `C=` is logged, so the log_selector is not a bare one. */
  readonly confirmed: boolean;
}

/** So many receivers, or sessions, in clear text and none in TLS: this host makes or shows no TLS, not they. */
const RECEIVERS = 10;
const SESSIONS = 40;

/**
 * Tells clear-text sessions under the guard of README.md. Whether clear text is the receiver's doing can be told only
 * where the log shows TLS at all: until its first `X=` or `CV=` such sessions are held. They are let go with it, or
 * with the silence that ends the log, unless by then so many receivers took clear text that the cause lies here.
 */
export function tellGuess(table: Table, host: string, facts: Facts, guess: Guess, emit: Emit): boolean {
  if (guess.asked || (facts.showsTls && isAlike(guess, facts))) {
    emitGuess(guess, emit);
    return true;
  }
  if (facts.showsTls) return false;
  if (facts.showsNone) return false;
  const held: HeldState = stateOf(table.get(heldKey(host)), 'held') ?? { kind: 'held', sessions: [] };
  const receivers = facts.noteClear(guess.core.receivingIp ?? '');
  if (receivers >= RECEIVERS || held.sessions.length >= SESSIONS) {
    facts.noteNone();
    table.delete(heldKey(host));
    return false;
  }
  const { time, domain, own, core, confirmed } = guess;
  held.sessions.push({ time, domain, own, confirmed, core });
  table.set(heldKey(host), held);
  return false;
}

/** The log has shown TLS: what was held is as good as what comes, if it was written under the same log_selector. */
export function letGo(table: Table, host: string, facts: Facts, emit: Emit): void {
  const held = stateOf(table.get(heldKey(host)), 'held');
  if (held === undefined) return;
  for (const session of held.sessions) if (isAlike(session, facts)) emitGuess(session, emit);
  table.delete(heldKey(host));
}

/** A line without `C=` among others with it shows nothing at all: not even TLS. */
function isAlike({ confirmed }: { readonly confirmed: boolean }, facts: Facts): boolean {
  return confirmed || !facts.showsConfirmation;
}

/** The log fell silent before it showed TLS: only where `C=` shows an ordinary log_selector is `X=` missed. */
export function letGoIdle(held: HeldState, emit: Emit): void {
  for (const session of held.sessions) if (session.confirmed) emitGuess(session, emit);
}

/** As {@link letGoIdle}, for a guess that comes up only when its message falls silent. */
export function letGuessGoIdle(guess: Guess, emit: Emit): boolean {
  if (guess.confirmed || guess.asked) emitGuess(guess, emit);
  return guess.confirmed || guess.asked;
}

function emitGuess(guess: Pick<Guess, 'time' | 'domain' | 'own' | 'core'>, emit: Emit): void {
  const { time, domain, own, core } = guess;
  emit({ time, recipientDomain: domain, ...core, ...(own && { own }) });
}

function heldKey(host: string): string {
  return `h ${host}`;
}
