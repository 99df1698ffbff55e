import { z } from 'zod';
import type { Day } from '../day.ts';
import type { OutboxSum, TrafficSum } from '../ledger/sums.ts';
import type { Sample } from './text.ts';

const counts = z.record(z.string(), z.number());

/**
 * Counts by series. The ledger drops old days, yet a counter must not fall: what was last counted of each day is
 * remembered, and kept as `past` once the day is gone.
 */
export const totalsSchema = z.strictObject({ past: counts, days: z.record(z.string(), counts) });
export type Totals = z.infer<typeof totalsSchema>;

/** Nothing was counted yet. */
export const NO_TOTALS: Totals = { past: {}, days: {} };

/** What the ledger holds now: counts by day and series. */
export type DayCounts = ReadonlyMap<Day, ReadonlyMap<string, number>>;

/** The TLS versions a label may name; a label's values must be few, and this one comes from a log. */
const TLS_VERSIONS: ReadonlySet<string> = new Set(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);
/** States of the outbox that no run changes any more. */
const FINAL = ['sent', 'given-up', 'suppressed'] as const;
/** Kinds of receivers. */
const SCHEMES = ['mailto', 'https', 'directory'] as const;

/** Puts a series and its labels into one text, to be a key. */
function series(metric: string, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([metric, labels]);
}

/** Counts what is in the ledger by day and series. */
export function countDays(traffic: readonly TrafficSum[], outbox: readonly OutboxSum[]): DayCounts {
  const days = new Map<Day, Map<string, number>>();
  const add = (day: Day, name: string, count: number) => {
    const known = days.get(day) ?? new Map<string, number>();
    days.set(day, known.set(name, (known.get(name) ?? 0) + count));
  };
  for (const sum of traffic) for (const name of seriesOf(sum)) add(sum.day, name, sum.count);
  for (const { day, scheme, state, count } of outbox) {
    if (FINAL.some((final) => final === state))
      add(day, series('deliveries_total', { scheme, state }), count);
  }
  return days;
}

function seriesOf(sum: TrafficSum): string[] {
  const { host, parser, outcome, basis } = sum;
  const names = [series('sessions_total', { host, parser, outcome, basis })];
  if (outcome === 'failure') {
    names.push(
      series('session_failures_total', { host, parser, result_type: sum.resultType ?? 'validation-failure' }),
    );
  }
  if (sum.tlsVersion !== undefined || sum.peerTrust !== undefined) {
    const version = sum.tlsVersion ?? 'unknown';
    const tls_version = TLS_VERSIONS.has(version) || version === 'unknown' ? version : 'other';
    names.push(
      series('tls_sessions_total', { host, parser, tls_version, peer_trust: sum.peerTrust ?? 'unknown' }),
    );
  }
  return names;
}

/** The totals after another look at the ledger; a day's counts never fall while it is there. */
export function carryTotals(known: Totals, present: DayCounts): Totals {
  const past = { ...known.past };
  for (const [day, remembered] of Object.entries(known.days)) {
    if (present.has(day)) continue;
    for (const [name, count] of Object.entries(remembered)) past[name] = (past[name] ?? 0) + count;
  }
  const days: Record<Day, Record<string, number>> = {};
  for (const [day, current] of present) {
    const merged: Record<string, number> = { ...known.days[day] };
    for (const [name, count] of current) merged[name] = Math.max(merged[name] ?? 0, count);
    days[day] = merged;
  }
  return { past, days };
}

/** The samples of every counter, by metric, in a steady order. */
export function totalSamples(totals: Totals): Map<string, Sample[]> {
  const sums = new Map<string, number>();
  for (const part of [totals.past, ...Object.values(totals.days)]) {
    for (const [name, count] of Object.entries(part)) sums.set(name, (sums.get(name) ?? 0) + count);
  }
  const samples = new Map<string, Sample[]>();
  for (const [name, value] of [...sums].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [metric, labels] = JSON.parse(name) as [string, Record<string, string>];
    samples.set(metric, [...(samples.get(metric) ?? []), { labels, value }]);
  }
  return samples;
}

/** Samples of deliveries with all kinds and states: one that appears at 1 would be seen as no increase. */
export function allDeliveries(known: readonly Sample[]): Sample[] {
  const counted = new Map(known.map((sample) => [series('', sample.labels), sample]));
  return SCHEMES.flatMap((scheme) =>
    FINAL.map((state) => {
      const labels = { scheme, state };
      return counted.get(series('', labels)) ?? { labels, value: 0 };
    }),
  );
}
