import { z } from 'zod';
import type { Config } from '../config.ts';
import { type Day, dayOf } from '../day.ts';
import type { DomainOutcome } from '../ledger/outcomes.ts';

/** More standing alerts than this have one cause, and nobody waits for the recovery of each. */
const MAX_STANDING = 1000;

const counts = z.strictObject({ ok: z.number(), failed: z.number() });

/** What was known of a failing domain at the last look. */
const domainState = z.strictObject({
  /** What had been counted of each day. */
  days: z.record(z.string(), counts),
  /** What came with single looks, while they are within the window: [UTC ms, successes, failures]. */
  recent: z.array(z.tuple([z.number(), z.number(), z.number()])),
  /** UTC ms; absent if no alert stands. */
  alertedAt: z.number().optional(),
});

/** Kept in the ledger between two looks. */
export const alertStateSchema = z.strictObject({
  domains: z.record(z.string(), domainState),
  /** Somebody is telling the command until then, UTC ms: others leave it alone. */
  claimedUntil: z.number().optional(),
});
export type AlertState = z.infer<typeof alertStateSchema>;
type DomainState = z.infer<typeof domainState>;

/** A domain that began to fail, or works again. */
export interface Alert {
  readonly event: 'failing' | 'recovered';
  readonly domain: string;
  /** Sessions within the window. */
  readonly failures: number;
  readonly successes: number;
  /** Start of the last hour with a success before, UTC ms. */
  readonly lastSuccess: number;
  readonly lastFailure: number;
}

/** What a look came to: the state to remember, and whom to tell of. */
export interface Judged {
  readonly state: AlertState;
  readonly alerts: readonly Alert[];
}

/**
 * Which domains that worked have begun to fail since the last look, and which of those alerted work again. The first
 * look ever only remembers: a backlog is no news.
 * @param outcomes of domains with failures, some days back: whether they worked is seen by that
 */
export function judgeAlerts(
  before: AlertState | undefined,
  outcomes: readonly DomainOutcome[],
  now: number,
  rules: Config['alerts'],
): Judged {
  const domains = new Map<string, DomainState>();
  const alerts: Alert[] = [];
  // A map, for a domain may be called `constructor`.
  const states = new Map(Object.entries(before?.domains ?? {}));
  for (const [domain, days] of byDomain(outcomes)) {
    const known = states.get(domain);
    const recent = before === undefined ? [] : recentOf(known, days, now, rules.window);
    const alert = alertOf(domain, days, known, recent, now, rules);
    if (alert !== undefined) alerts.push(alert);
    const alertedAt = alert === undefined ? known?.alertedAt : alert.event === 'failing' ? now : undefined;
    domains.set(domain, {
      days: Object.fromEntries(
        days.map(({ day, successes, failures }) => [day, { ok: successes, failed: failures }]),
      ),
      recent,
      ...(alertedAt !== undefined && { alertedAt }),
    });
  }
  return {
    state: { domains: Object.fromEntries(domains) },
    alerts: alerts.sort((a, b) => b.failures - a.failures),
  };
}

/** The domains an alert stands of: that they work again is to be told too. */
export function alertedDomains(state: AlertState | undefined): string[] {
  return Object.entries(state?.domains ?? {})
    .flatMap(([domain, { alertedAt }]) => (alertedAt === undefined ? [] : { domain, alertedAt }))
    .sort((a, b) => b.alertedAt - a.alertedAt)
    .slice(0, MAX_STANDING)
    .map(({ domain }) => domain);
}

function byDomain(outcomes: readonly DomainOutcome[]): Map<string, DomainOutcome[]> {
  const domains = new Map<string, DomainOutcome[]>();
  for (const outcome of outcomes)
    domains.set(outcome.domain, [...(domains.get(outcome.domain) ?? []), outcome]);
  return domains;
}

/** What came since the last look, with what came shortly before. */
function recentOf(
  known: DomainState | undefined,
  days: readonly DomainOutcome[],
  now: number,
  window: number,
): DomainState['recent'] {
  const kept = (known?.recent ?? []).filter(([time]) => time > now - window);
  const fresh = freshOf(days, now, window);
  const failed = grown(fresh, (day) => known?.days[day]?.failed ?? 0, 'failures');
  // Of a domain that had no failure before, nobody noted what had succeeded by the last look.
  const ok = known === undefined ? 0 : grown(fresh, (day) => known.days[day]?.ok ?? 0, 'successes');
  return ok + failed === 0 ? kept : [...kept, [now, ok, failed]];
}

/** What a day before yesterday still brings is no news. */
function freshOf(days: readonly DomainOutcome[], now: number, window: number): readonly DomainOutcome[] {
  return days.filter(({ day, lastFailure }) => day >= dayOf(now - window) || lastFailure > now - 2 * window);
}

function grown(
  days: readonly DomainOutcome[],
  before: (day: Day) => number,
  what: 'successes' | 'failures',
): number {
  return days.reduce((sum, day) => sum + Math.max(0, day[what] - before(day.day)), 0);
}

function alertOf(
  domain: string,
  days: readonly DomainOutcome[],
  known: DomainState | undefined,
  recent: DomainState['recent'],
  now: number,
  rules: Config['alerts'],
): Alert | undefined {
  const successes = recent.reduce((sum, [, ok]) => sum + ok, 0);
  const failures = recent.reduce((sum, [, , failed]) => sum + failed, 0);
  const common = {
    domain,
    failures,
    successes,
    lastSuccess: Math.max(...days.map(({ lastSuccess }) => lastSuccess)),
    lastFailure: Math.max(...days.map(({ lastFailure }) => lastFailure)),
  };
  const alertedAt = known?.alertedAt;
  // At the first failures of a domain the day's successes stand for the window's: a big one has a few every day.
  const beside =
    known === undefined ? grown(freshOf(days, now, rules.window), () => 0, 'successes') : successes;
  const many = failures >= rules.failures && failures * 100 >= rules.percent * (failures + beside);
  if (many && common.lastSuccess > 0) {
    const loud = alertedAt === undefined || now - alertedAt >= rules.quiet;
    return loud ? { event: 'failing', ...common } : undefined;
  }
  const mended = alertedAt !== undefined && failures === 0 && successes > 0;
  return mended ? { event: 'recovered', ...common } : undefined;
}

/** The first day that tells whether a domain worked, and the first whose failures are looked at. */
export function daysToLookAt(now: number): { readonly since: Day; readonly failing: Day } {
  return { since: dayOf(now - 7 * 86_400_000), failing: dayOf(now - 86_400_000) };
}
