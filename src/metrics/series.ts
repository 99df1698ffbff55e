import { DAY_STATES, type DayState } from '../days/states.ts';
import { type Log, OUTBOX_STATES } from '../ledger/ledger.ts';
import type { OutboxSum } from '../ledger/sums.ts';
import type { LastRun } from './last-run.ts';
import type { Metric, Sample } from './text.ts';
import { allDeliveries, type Totals, totalSamples } from './totals.ts';

/** What the metrics are made from. */
export interface MetricsInput {
  readonly version: string;
  readonly logs: readonly Log[];
  readonly days: readonly DayState[];
  readonly outbox: readonly OutboxSum[];
  readonly totals: Totals;
  readonly ledgerBytes?: number;
  readonly lastRun?: LastRun;
}

const COUNTERS = [
  ['sessions_total', 'New outbound SMTP sessions, by outcome and by the kind of line that proves it.'],
  ['session_failures_total', 'Failed sessions by RFC 8460 result type, as the log tells them.'],
  ['tls_sessions_total', 'Sessions with TLS, by version and by what the MTA said of the certificate.'],
  ['deliveries_total', 'Reports that are finished, by kind of receiver and by what became of them.'],
] as const;

/** Everything a monitor may want to know; labels take few values, and none of a peer's choosing. */
export function metricsOf(input: MetricsInput): Metric[] {
  const totals = totalSamples(input.totals);
  return [
    gauge('build_info', 'The version of maillog-tlsrpt; always 1.', [
      { labels: { version: input.version }, value: 1 },
    ]),
    ...COUNTERS.map(([name, help]): Metric => {
      const samples = totals.get(name) ?? [];
      return {
        name,
        kind: 'counter',
        help,
        samples: name === 'deliveries_total' ? allDeliveries(samples) : samples,
      };
    }),
    ...dayMetrics(input.days),
    gauge('outbox_reports', 'Reports in the outbox, by state.', outboxSamples(input.outbox)),
    ...logMetrics(input.logs),
    ...ledgerMetrics(input),
  ];
}

function dayMetrics(days: readonly DayState[]): Metric[] {
  const sum = (pick: (day: DayState) => number) => days.reduce((total, day) => total + pick(day), 0);
  return [
    gauge(
      'report_dates',
      'UTC days in the ledger, by state.',
      DAY_STATES.map((state) => ({
        labels: { state },
        value: days.filter((day) => day.state === state).length,
      })),
    ),
    gauge('late_sessions', 'Sessions that came after their report was built.', [
      plain(sum((day) => day.late)),
    ]),
    gauge('unattributed_sessions', 'Sessions whose policies were not looked up yet.', [
      plain(sum((day) => day.unattributed)),
    ]),
  ];
}

function outboxSamples(outbox: readonly OutboxSum[]): Sample[] {
  return OUTBOX_STATES.map((state) => ({
    labels: { state },
    value: outbox.filter((row) => row.state === state).reduce((total, row) => total + row.count, 0),
  }));
}

function logMetrics(logs: readonly Log[]): Metric[] {
  const each = (value: (log: Log) => number | undefined): Sample[] =>
    logs.flatMap((log) => {
      const found = value(log);
      const labels = { host: log.host, parser: log.parser, log: log.name };
      return found === undefined ? [] : [{ labels, value: found }];
    });
  return [
    gauge(
      'log_read_to_end_timestamp_seconds',
      'When the log was last read to its end.',
      each((log) => seconds(log.readToEndAt)),
    ),
    gauge(
      'log_last_line_timestamp_seconds',
      'The newest stamp read in the log.',
      each((log) => seconds(newestStamp(log))),
    ),
    {
      name: 'log_read_bytes_total',
      kind: 'counter',
      help: 'Uncompressed bytes of the log read so far.',
      samples: each((log) => log.segments.reduce((total, segment) => total + segment.position.offset, 0)),
    },
    gauge(
      'log_incomplete_segments',
      'Files of the log that ended before their format said so.',
      each((log) => log.segments.filter((segment) => segment.incomplete).length),
    ),
  ];
}

function ledgerMetrics({ ledgerBytes, lastRun }: MetricsInput): Metric[] {
  return [
    gauge('ledger_size_bytes', 'Size of the ledger.', ledgerBytes === undefined ? [] : [plain(ledgerBytes)]),
    ...(lastRun === undefined
      ? []
      : [
          gauge('last_run_timestamp_seconds', 'When the last run ended.', [plain(lastRun.at / 1000)]),
          gauge('last_run_duration_seconds', 'How long the last run took.', [plain(lastRun.seconds)]),
          gauge('last_run_exit_code', 'How the last run ended: 0 done, 75 deliveries are pending.', [
            plain(lastRun.exitCode),
          ]),
        ]),
  ];
}

function newestStamp(log: Log): number | undefined {
  const stamps = log.segments.flatMap((segment) => segment.lastTime ?? []);
  return stamps.length === 0 ? undefined : Math.max(...stamps);
}

function seconds(time: number | undefined): number | undefined {
  return time === undefined ? undefined : time / 1000;
}

function plain(value: number): Sample {
  return { labels: {}, value };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, kind: 'gauge', help, samples };
}
