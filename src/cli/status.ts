import type { Argv } from 'yargs';
import type { HeldReason } from '../closing.ts';
import { type DayState, dayStates } from '../day-states.ts';
import { activeSuppressions } from '../delivery/suppression.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { fleetStatus } from '../fleet.ts';
import type { Log, OutboxRow } from '../ledger/ledger.ts';
import type { OutboxSum } from '../ledger/sums.ts';
import type { Hint } from '../parser.ts';
import type { Command } from './command.ts';
import { type Context, withContext } from './context.ts';
import { fleetLines, type HostJson, toHostJson } from './fleet-text.ts';
import type { Printer } from './io.ts';
import { printable, table } from './table.ts';

/** What `status --json` prints: a public contract. */
interface Status {
  readonly logs: readonly LogStatus[];
  readonly hosts: readonly HostJson[];
  readonly days: readonly DayState[];
  readonly outbox: Readonly<Record<string, number>>;
  readonly failing: readonly FailingRow[];
  /** Addresses reports came back from: nothing is sent there until then. */
  readonly suppressed: readonly { readonly rua: string; readonly bounces: number; readonly until: string }[];
}

interface LogStatus {
  readonly host: string;
  readonly parser: string;
  readonly name: string;
  readonly readToEndAt?: string;
  readonly lastLine?: string;
  readonly segments: number;
  readonly bytes: number;
  readonly incomplete: readonly string[];
  readonly hints: readonly string[];
}

interface FailingRow {
  readonly rua: string;
  readonly state: string;
  readonly attempts: number;
  readonly lastResult?: string;
  readonly nextTry?: string;
}

const HELD_WORDS: Record<HeldReason, string> = {
  'too-old': 'held: ended longer ago than delivery.max-age',
  restored: 'held: the ledger was restored from a backup after that day, and its reports may be out already',
  'log-level': 'held: failures without a single success (smtp_tls_loglevel = 0?)',
  native: "held: Postfix's own TLSRPT reports already (set `native: use` to send all the same)",
  'logs-not-read': 'not over: a log was not yet read past midnight',
};

export const status: Command = {
  name: 'status',
  usage: 'status',
  summary: 'show logs and positions, days, what is held and why, the outbox',
  details: 'Only looks. What is held is released with `send --day DAY`.',
  options: (yargs: Argv) => yargs,
  run: (_values, globals, printer): Promise<ExitCode> =>
    withContext(globals, async (context) => {
      const found = await gather(context);
      if (globals.json) printer.json(found);
      else print(found, printer);
      return EXIT.ok;
    }),
};

async function gather(context: Context): Promise<Status> {
  const logs = await context.ledger.logs();
  const failing = await context.ledger.outbox({ states: ['retry', 'given-up'] });
  return {
    logs: await Promise.all(logs.map((log) => logStatus(context, log))),
    hosts: (await fleetStatus(context)).map(toHostJson),
    days: await dayStates(context, logs),
    outbox: countStates(await context.ledger.outboxSums()),
    failing: failing.map(failingRow),
    suppressed: await suppressed(context),
  };
}

async function suppressed({ ledger, clock }: Context): Promise<Status['suppressed']> {
  const active = await activeSuppressions(ledger, clock.now());
  return [...active.values()].map(({ rua, bounces, until }) => ({ rua, bounces, until: iso(until) }));
}

async function logStatus(context: Context, log: Log): Promise<LogStatus> {
  const hints = ((await context.ledger.note(`hints:${log.id}`)) ?? []) as unknown as readonly Hint[];
  const last = log.segments.reduce((latest, segment) => Math.max(latest, segment.lastTime ?? 0), 0);
  return {
    host: log.host,
    parser: log.parser,
    name: log.name,
    ...(log.readToEndAt !== undefined && { readToEndAt: iso(log.readToEndAt) }),
    ...(last > 0 && { lastLine: iso(last) }),
    segments: log.segments.length,
    bytes: log.segments.reduce((sum, segment) => sum + segment.position.offset, 0),
    incomplete: log.segments.filter((segment) => segment.incomplete).map((segment) => segment.path),
    hints: hints.map((hint) => hint.text),
  };
}

function failingRow(row: OutboxRow): FailingRow {
  return {
    rua: row.rua,
    state: row.state,
    attempts: row.attempts,
    ...(row.lastResult !== undefined && { lastResult: row.lastResult }),
    ...(row.state === 'retry' && { nextTry: iso(row.notBefore) }),
  };
}

function print(found: Status, printer: Printer): void {
  printer.line(printer.bold('Logs'));
  const logs = found.logs.map((log) => [
    log.name,
    log.host,
    log.parser,
    log.lastLine ?? '-',
    log.readToEndAt ?? 'never',
    log.bytes,
  ]);
  for (const line of table(['log', 'host', 'parser', 'last line', 'read to its end', 'bytes'], logs))
    printer.line(`  ${line}`);
  for (const log of found.logs) {
    for (const path of log.incomplete)
      printer.line(`  ! ${printable(path)} ended early: give the whole file to \`backfill\` to read on`);
    for (const hint of log.hints) printer.line(`  ! ${printable(log.name)}: ${printable(hint)}`);
  }
  if (found.hosts.length > 1) {
    printer.line();
    printer.line(printer.bold('Hosts (sessions of today and yesterday)'));
    for (const line of fleetLines(found.hosts)) printer.line(`  ${line}`);
  }
  printer.line();
  printer.line(printer.bold('Days (UTC)'));
  const days = found.days.map((day) => [
    day.day,
    day.domains,
    day.sessions,
    day.failures,
    day.late,
    day.reports,
    day.heldBecause === undefined ? day.state : HELD_WORDS[day.heldBecause],
  ]);
  for (const line of table(['day', 'domains', 'sessions', 'failed', 'late', 'reports', 'state'], days))
    printer.line(`  ${line}`);
  const held = found.days.filter((day) => day.state === 'held');
  if (held[0] !== undefined) {
    printer.line(`  ${held.length} held. To release one: maillog-tlsrpt send --day ${held[0].day}`);
  }
  printer.line();
  printer.line(printer.bold('Outbox'));
  const states = Object.entries(found.outbox).map(([state, count]) => `${count} ${state}`);
  printer.line(`  ${states.length === 0 ? 'empty' : states.join(', ')}`);
  const failing = found.failing.map((row) => [
    row.rua,
    row.state,
    row.attempts,
    row.nextTry ?? '-',
    row.lastResult ?? '',
  ]);
  if (failing.length > 0)
    for (const line of table(['receiver', 'state', 'tries', 'next try', 'last word'], failing))
      printer.line(`  ${line}`);
  for (const { rua, bounces, until } of found.suppressed) {
    printer.line(`  ! nothing goes to ${printable(rua)} until ${until}: ${bounces} reports came back`);
    printer.line(`    maillog-tlsrpt send --unsuppress ${printable(rua)} sends there again`);
  }
}

function countStates(sums: readonly OutboxSum[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state, count } of sums) counts[state] = (counts[state] ?? 0) + count;
  return counts;
}

function iso(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
