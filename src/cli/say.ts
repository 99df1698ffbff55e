import type { ClosedDays } from '../days/closing.ts';
import type { Outcome } from '../delivery/outbox.ts';
import type { SendSummary } from '../delivery/send-due.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { garbageText } from '../logs/archive.ts';
import type { AttributeSummary } from '../policy/attribute-tallies.ts';
import type { ReadSummary } from '../reading.ts';
import type { Printer } from './io.ts';
import { printable } from './table.ts';

/** What could not be read, one message a file; and what happened to the logs. */
export function sayFaults(read: ReadSummary, printer: Printer): void {
  for (const notice of read.notices) printer.message('warning', `warning: ${printable(notice.text)}`);
  for (const fault of read.faults) printer.problem(fault.problem);
}

/** To be said while an archive is read of which a command keeps no summary. */
export function garbageSayer(path: string, printer: Printer): { readonly onGarbage: () => void } {
  return { onGarbage: () => printer.message('warning', `warning: ${printable(garbageText(path))}`) };
}

/** What the logs cannot witness: said by `backfill` and `status`, not by every run of a timer. */
export function sayHints(read: ReadSummary, printer: Printer): void {
  for (const hint of read.hints) printer.message('warning', `warning: ${hint.text}`);
}

/** How many sessions of some hosts were read and not counted so far. */
export async function countLeftOut(ledger: Ledger, hosts: ReadonlySet<string>): Promise<number> {
  const own = (await ledger.leftOut()).filter(({ host }) => hosts.has(host));
  return own.reduce((sum, { sessions }) => sum + sessions, 0);
}

/** Sessions that were not counted by this pass, though they were read. */
export function sayLeftOut(count: number, printer: Printer): void {
  if (count === 0) return;
  const words = count === 1 ? 'one session was' : `${count} sessions were`;
  printer.message(
    'warning',
    `warning: ${words} left out, for tally files bring that day of this host; docs/fleet.md says how a host moves to the database`,
  );
}

/** Domains whose policies nobody could tell us now: their sessions wait, and so does their day. */
export function sayLookedUp({ temporary, left, reason }: AttributeSummary, printer: Printer): void {
  const why = reason === undefined ? '' : `: ${printable(reason)}`;
  if (temporary > 0)
    printer.message('notice', `${domains(temporary)} could not be looked up, and will be tried again${why}`);
  if (left > 0)
    printer.message(
      'warning',
      `warning: the resolver does not answer: ${domains(left)} were not even tried; the next run asks again`,
    );
}

function domains(count: number): string {
  return count === 1 ? 'one domain' : `${count} domains`;
}

/** Says what closing days came to, and which days wait and why. */
export function sayClosed(closed: ClosedDays, printer: Printer): void {
  for (const report of closed.built) {
    printer.message('notice', `built the report of ${report.day} for ${report.domain}`);
  }
  const tooOld = [...closed.held].filter(([, reason]) => reason === 'too-old').map(([day]) => day);
  if (tooOld.length > 0) {
    printer.message(
      'notice',
      `${tooOldText(tooOld)}; \`status\` shows what is held, \`send --day\` releases a day`,
    );
  }
  for (const [day, reason] of closed.held) {
    if (reason === 'native')
      printer.message(
        'warning',
        `warning: ${day} is held, for Postfix's own TLSRPT reports already; set \`native: use\` to send all the same`,
      );
    if (reason === 'log-level')
      printer.message(
        'warning',
        `warning: ${day} is held, for it has failures and not one success: set smtp_tls_loglevel = 1, or release it with send --day ${day}`,
      );
  }
  if (closed.waiting > 0)
    printer.message(
      'warning',
      `the reports of ${domains(closed.waiting)} wait for an answer of the resolver; the next run asks again`,
    );
}

/** @param days one at least, in order */
function tooOldText(days: readonly string[]): string {
  return days.length === 1
    ? `${days[0]} ended too long ago, and is held`
    : `${days.length} days that ended too long ago are held (${days[0]} to ${days.at(-1)})`;
}

/** Says what a pass of deliveries came to. */
export function saySent(sent: SendSummary, printer: Printer): void {
  const parts = [
    [sent.sent, 'delivered'],
    [sent.retry, 'to be tried again'],
    [sent.givenUp, 'given up'],
    [sent.suppressed, 'suppressed'],
    [sent.held, 'held: their receiver had its share for today'],
    [sent.tooOld, 'held: their day ended too long ago (`send --day` releases them)'],
    [sent.putOff, 'put off: their receiver is down'],
  ] as const;
  const words = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  printer.message('info', words.length === 0 ? 'nothing is due' : words.join(', '));
}

/** Says what became of one delivery. */
export function sayOutcome(outcome: Outcome, printer: Printer): void {
  const what = `${outcome.report?.day ?? ''} ${outcome.report?.domain ?? ''} → ${printable(outcome.rua)}: ${outcome.state}, ${printable(outcome.note)}`;
  printer.message(outcome.state === 'sent' ? 'info' : 'warning', what.trim());
}
