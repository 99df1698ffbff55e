import type { HeldReason } from '../days/held.ts';
import type { Finding, Status } from '../status/schema.ts';
import { minuteText } from '../time-text.ts';
import { folded } from './findings-text.ts';
import { andMore, fleetLines, furtherHosts, lateHosts } from './fleet-text.ts';
import type { Printer, Style } from './io.ts';
import { bytesText, durationText } from './quantities.ts';
import { Screen } from './screen.ts';
import { showLogs } from './status-logs.ts';
import { printable } from './table.ts';

const MAX_FINDINGS = 8;
const MAX_DAYS = 8;
const MAX_FAILING = 6;
const MAX_LISTED = 5;

const STYLES: Record<Status['state'], Style> = { ok: 'green', warning: 'yellow', critical: 'red' };

const HELD_WORDS: Record<HeldReason, readonly [short: string, meaning: string]> = {
  'too-old': ['held (too old)', 'ended longer ago than delivery.max-age'],
  restored: [
    'held (restored)',
    'the ledger was restored from a backup after that day, and its reports may be out already',
  ],
  'log-level': ['held (log level)', 'failures without a single success (smtp_tls_loglevel = 0?)'],
  native: ['held (native)', "Postfix's own TLSRPT reports already (set `native: use` to send all the same)"],
  'logs-not-read': ['logs not read', 'a log was not yet read past midnight'],
};

/** The status as one screen for people. */
export function printStatus(status: Status, printer: Printer): void {
  const screen = new Screen(printer);
  head(status, screen);
  showLogs(status.logs, screen);
  if (status.hosts.length > 1) {
    screen.title('Hosts (sessions of today and yesterday)');
    for (const line of fleetLines(status.hosts, screen.inner)) screen.line(line);
    for (const text of furtherHosts(status.hosts)) screen.words(text);
    for (const text of lateHosts(status.hosts)) screen.words(text, '! ', 'yellow');
  }
  if (status.ledger.exists) {
    days(status, screen);
    sessions(status, screen);
    outbox(status, screen);
  }
  foot(status, screen);
}

function head({ version, at, state, findings, ledger }: Status, screen: Screen): void {
  const verdict = screen.styled(STYLES[state], state.toUpperCase());
  const parts = [`maillog-tlsrpt ${version}`, `${minuteText(at)} UTC`];
  const plain = [...parts, state].join('   ');
  screen.top([...parts, verdict].join(screen.holds(plain) ? '   ' : ' '));
  const told = folded(findings);
  for (const finding of told.slice(0, MAX_FINDINGS))
    screen.words(finding.text, mark(finding), style(finding));
  for (const line of andMore(told.length - MAX_FINDINGS)) screen.words(line);
  if (!ledger.exists)
    screen.words('nothing was read yet: `run` reads the logs, `check` looks whether all is set up');
}

function mark({ severity }: Finding): string {
  return `${severity.padEnd(8)}  `;
}

function style({ severity }: Finding): Style {
  return STYLES[severity];
}

function days({ days: all, folded: foldedDays }: Status, screen: Screen): void {
  screen.title('Days (UTC)');
  if (all.length === 0) {
    screen.words('no sessions yet');
    return;
  }
  const shown = all.slice(-MAX_DAYS);
  const rows = shown.map((day) => [
    day.day,
    day.domains,
    day.sessions,
    day.failures,
    day.late,
    day.reports,
    day.heldBecause === undefined ? day.state : screen.painted('yellow', heldWords(day.heldBecause)[0]),
  ]);
  screen.rows(['day', 'domains', 'sessions', 'failed', 'late', 'reports', 'state'], rows, {
    cut: [6],
    drop: [1, 4],
  });
  for (const line of andMore(all.length - shown.length, ` days, the oldest ${all[0]?.day}`))
    screen.words(line);
  const held = all.filter(({ state }) => state === 'held');
  for (const reason of new Set(held.map(({ heldBecause = '' }) => heldBecause)))
    screen.words(`held: ${heldWords(reason)[1]}`);
  if (held[0] !== undefined)
    screen.words(`${held.length} held. To release one: maillog-tlsrpt send --day ${held[0].day}`);
  const last = foldedDays.at(-1);
  if (last !== undefined)
    screen.words(
      `the rarest failure details are folded in some reports, counts are whole: ${last.details} in ${last.reports} of ${last.day} (report.max-failure-details)`,
    );
}

function heldWords(reason: string): readonly [string, string] {
  return HELD_WORDS[reason as HeldReason] ?? [`held (${reason})`, reason];
}

function sessions({ sessions: { byBasis, own } }: Status, screen: Screen): void {
  screen.title('Sessions by the kind of line that proves them');
  const counts = Object.entries(byBasis);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const parts = counts.map(
    ([basis, count]) => `${count} ${basis} (${((count / total) * 100).toFixed(count === total ? 0 : 1)} %)`,
  );
  screen.words(parts.length === 0 ? 'none' : parts.join(', '));
  if (own > 0) screen.words(`${own} more carried reports of ours, and are in no report`);
}

function outbox({ outbox: states, failing, suppressed }: Status, screen: Screen): void {
  screen.title('Outbox');
  const counts = Object.entries(states).map(([state, count]) => `${count} ${state}`);
  screen.words(counts.length === 0 ? 'empty' : counts.join(', '));
  const rows = failing
    .slice(0, MAX_FAILING)
    .map((row) => [
      row.day,
      row.domain,
      row.rua,
      row.state === 'retry' ? 'retry' : screen.painted('red', 'given up'),
      row.attempts,
      row.nextTry === undefined ? '-' : minuteText(row.nextTry).slice(5),
      row.lastResult ?? '',
    ]);
  if (rows.length > 0)
    screen.rows(['day', 'domain', 'receiver', 'state', 'tries', 'next (UTC)', 'last word'], rows, {
      cut: [1, 2, 6],
      drop: [4, 5, 2],
    });
  for (const line of andMore(failing.length - rows.length)) screen.words(line);
  for (const { rua, bounces, until } of suppressed.slice(0, MAX_LISTED)) {
    screen.words(`nothing goes to ${rua} until ${until}: ${bounces} reports came back`, '! ', 'yellow');
    screen.line(`  maillog-tlsrpt send --unsuppress ${printable(rua)} sends there again`);
  }
  for (const line of andMore(suppressed.length - MAX_LISTED, ' suppressed receivers')) screen.words(line);
}

function foot({ ledger, lastRun, at }: Status, screen: Screen): void {
  screen.title('Ledger');
  const parts = [
    ledger.sizeBytes === undefined ? [] : [bytesText(ledger.sizeBytes)],
    ledger.oldestDay === undefined ? [] : [`oldest day ${ledger.oldestDay}`],
    [`finished days are kept ${durationText(ledger.keepSeconds)}`],
  ].flat();
  screen.words(ledger.exists ? parts.join(', ') : 'there is none yet');
  if (lastRun !== undefined) {
    const ago = durationText(Math.max(0, (Date.parse(at) - Date.parse(lastRun.at)) / 1000));
    screen.words(`last run ${ago} ago: ${lastRun.seconds} s, exit code ${lastRun.exitCode}`);
  }
}
