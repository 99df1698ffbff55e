import { EXIT, type ExitCode, inOneLine, MONITOR, Problem } from '../errors.ts';
import type { Status } from '../status/schema.ts';
import { folded } from './findings-text.ts';
import type { Printer } from './io.ts';
import { counted } from './quantities.ts';
import { printable } from './table.ts';

const CODES: Record<Status['state'], ExitCode> = {
  ok: MONITOR.ok,
  warning: MONITOR.warning,
  critical: MONITOR.critical,
};

/** One line for a monitor, after the Monitoring Plugins guidelines: verdict, findings, `|`, performance data. */
export function printCheck(status: Status, maxLag: number, printer: Printer): ExitCode {
  const verdict = folded(status.findings)
    .map(({ text }) => text)
    .join('; ');
  printer.line(
    `TLSRPT ${status.state.toUpperCase()}: ${plain(verdict || quiet(status))} | ${numbers(status, maxLag)}`,
  );
  return CODES[status.state];
}

/** The same where the status cannot be told: the monitor must not take our exit codes for verdicts. */
export function printUnknown(error: unknown, printer: Printer): ExitCode {
  if (!(error instanceof Problem) || error.exitCode === EXIT.usage) throw error;
  printer.line(`TLSRPT UNKNOWN: ${plain(inOneLine(error))}`);
  return MONITOR.unknown;
}

function quiet({ logs, days }: Status): string {
  const read = logs.filter(({ configured }) => configured).length;
  const today = days.at(-1);
  return `${read === 1 ? 'one log' : `${read} logs`} read${today === undefined ? '' : `, ${counted(today.sessions, 'session')} on ${today.day}`}`;
}

/** `|` and line breaks have a meaning of their own there. */
function plain(text: string): string {
  return printable(text.replace(/\n/g, ' ')).replace(/\|/g, '/');
}

/** `label=value[unit];warning;critical;minimum`. */
function numbers({ logs, days, recent, ledger, outbox }: Status, maxLag: number): string {
  const lags = logs.filter(({ configured }) => configured).flatMap(({ lagSeconds }) => lagSeconds ?? []);
  const limits = `${Math.round(maxLag / 3000)};${Math.round(maxLag / 1000)}`;
  const unknown = logs.reduce((sum, log) => sum + log.unknown.count, 0);
  return [
    ...(lags.length > 0 ? [`lag=${Math.max(...lags)}s;${limits};0`] : []),
    `sessions=${days.at(-1)?.sessions ?? 0};;;0`,
    `sent=${recent.sent};;;0`,
    `retry=${recent.retry};;;0`,
    `given_up=${recent.givenUp};;;0`,
    `held=${outbox['held'] ?? 0};;;0`,
    `days_held=${days.filter(({ state }) => state === 'held').length};;;0`,
    `late=${days.reduce((sum, { late }) => sum + late, 0)};;;0`,
    `unknown_lines=${unknown};;;0`,
    ...(ledger.sizeBytes === undefined ? [] : [`ledger=${ledger.sizeBytes}B;;;0`]),
  ].join(' ');
}
