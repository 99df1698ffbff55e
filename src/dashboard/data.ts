import type { Day } from '../day.ts';
import { addDays } from '../day.ts';
import type { Log } from '../ledger/ledger.ts';
import type { Fate, OutboxSum, SessionSum } from '../ledger/sums.ts';
import { attribute, type Honours } from '../policy/attribute.ts';
import type { Snapshot } from '../policy/snapshot.ts';
import type { Seen } from '../posture/read.ts';
import type { ResultType } from '../result-type.ts';
import { type ExplainPlace, explainCommand } from './explain-command.ts';
import { type ClassCounts, noCounts, type TlsClass, tlsClassOf, totalOf } from './tls-class.ts';

/** What the page is made from, as the ledger tells it. */
export interface DashboardInput {
  readonly seen: Seen;
  readonly honours: Omit<Honours, 'trustAnchors'>;
  readonly logs: readonly Log[];
  readonly place: ExplainPlace;
  readonly outbox: readonly OutboxSum[];
  /** Reports that did not arrive, or not yet. */
  readonly troubled: readonly Fate[];
  /** The last UTC day shown. */
  readonly today: Day;
  /** How many days are shown. */
  readonly days: number;
  /** At most so many domains, the busiest; the others are counted. */
  readonly maxDomains: number;
}

/** A day of the trend. */
export interface DayRow {
  readonly day: Day;
  readonly counts: ClassCounts;
}

/** A destination and how TLS with it went. */
export interface DomainRow {
  readonly domain: string;
  readonly sessions: number;
  readonly counts: ClassCounts;
  /** What a report calls failures, after policies were looked at. */
  readonly reported: number;
  /** Of the newest snapshot: `DANE`, `MTA-STS enforce` …; absent if nobody looked. */
  readonly policies?: string;
  /** Start of the last hour with a failure, UTC ms. */
  readonly lastFailure?: number;
  /** Sessions that were neither plaintext nor failed, and all, of each day shown. */
  readonly trend: readonly { readonly good: number; readonly all: number }[];
}

/** One kind of failure, over all domains. */
export interface FailureRow {
  readonly resultType: ResultType;
  readonly reason?: string;
  readonly count: number;
  readonly domains: number;
  /** Start of the last hour it was seen, UTC ms. */
  readonly last: number;
  readonly lastDomain: string;
  /** A shell command that shows the lines. */
  readonly explain: string;
}

/** All that the page shows, in the order of its tables. */
export interface Dashboard {
  readonly days: readonly DayRow[];
  readonly total: ClassCounts;
  readonly domains: readonly DomainRow[];
  /** Domains that are not listed. */
  readonly furtherDomains: number;
  /** Domains with failures, listed or not. */
  readonly failingDomains: number;
  readonly failures: readonly FailureRow[];
  readonly outbox: readonly OutboxSum[];
  readonly troubled: readonly Fate[];
}

/** Sums up what the page shows. */
export function dashboardData(input: DashboardInput): Dashboard {
  const shown = Array.from({ length: input.days }, (_, back) => addDays(input.today, back + 1 - input.days));
  const first = shown[0] ?? input.today;
  const days = new Map(shown.map((day) => [day, noCounts()]));
  const total = noCounts();
  const domains = new Map<string, DomainCounter>();
  const failures = new FailureCounter();
  for (const sum of input.seen.sums) {
    const counts = days.get(sum.day);
    if (counts === undefined) continue;
    const name = tlsClassOf(sum);
    counts[name] += sum.count;
    total[name] += sum.count;
    const snapshot = sum.snapshot === null ? undefined : input.seen.snapshots.get(sum.snapshot);
    const trustAnchors = input.seen.trusting.has(sum.host, sum.parser);
    const [verdict] = attribute(sum, snapshot, { ...input.honours, trustAnchors });
    const counter = domains.get(sum.recipientDomain) ?? new DomainCounter(sum.recipientDomain, shown);
    domains.set(sum.recipientDomain, counter);
    counter.add(sum, name, verdict?.outcome === 'failure', snapshot);
    if (verdict?.outcome === 'failure')
      failures.add(sum, verdict.resultType ?? 'validation-failure', verdict.failureReasonCode);
  }
  const rows = [...domains.values()].map((counter) => counter.row()).sort(busiestFirst);
  return {
    days: shown.map((day) => ({ day, counts: days.get(day) ?? noCounts() })),
    total,
    domains: rows.slice(0, input.maxDomains),
    furtherDomains: Math.max(0, rows.length - input.maxDomains),
    failingDomains: rows.filter((row) => row.reported > 0).length,
    failures: failures.rows(input.logs, input.place),
    outbox: input.outbox.filter((row) => row.day >= first),
    troubled: input.troubled.filter((row) => row.day >= first),
  };
}

function busiestFirst(a: DomainRow, b: DomainRow): number {
  return b.sessions - a.sessions || (a.domain < b.domain ? -1 : 1);
}

class DomainCounter {
  readonly #domain: string;
  readonly #counts = noCounts();
  readonly #trend: Map<Day, { good: number; all: number }>;
  #reported = 0;
  #lastFailure: number | undefined;
  #newest: { readonly day: Day; readonly snapshot: Snapshot } | undefined;

  constructor(domain: string, days: readonly Day[]) {
    this.#domain = domain;
    this.#trend = new Map(days.map((day) => [day, { good: 0, all: 0 }]));
  }

  add(sum: SessionSum, name: TlsClass, failed: boolean, snapshot: Snapshot | undefined): void {
    this.#counts[name] += sum.count;
    const point = this.#trend.get(sum.day);
    if (point !== undefined) {
      point.all += sum.count;
      if (name !== 'plaintext' && name !== 'failed') point.good += sum.count;
    }
    if (failed) {
      this.#reported += sum.count;
      this.#lastFailure = Math.max(this.#lastFailure ?? 0, sum.hour);
    }
    const known = snapshot?.origin === 'found' ? snapshot : undefined;
    if (known !== undefined && sum.day >= (this.#newest?.day ?? ''))
      this.#newest = { day: sum.day, snapshot: known };
  }

  row(): DomainRow {
    return {
      domain: this.#domain,
      sessions: totalOf(this.#counts),
      counts: this.#counts,
      reported: this.#reported,
      ...(this.#newest !== undefined && { policies: policyWords(this.#newest.snapshot) }),
      ...(this.#lastFailure !== undefined && { lastFailure: this.#lastFailure }),
      trend: [...this.#trend.values()],
    };
  }
}

function policyWords({ mx, sts }: Snapshot): string {
  const states = new Set(mx.hosts.map((host) => host.dane.state));
  const words: string[] = [];
  if (states.has('secure')) words.push('DANE');
  if (mx.state === 'bogus' || states.has('bogus')) words.push('DNSSEC broken');
  if (sts.state === 'policy' && sts.mode !== 'none') words.push(`MTA-STS ${sts.mode}`);
  if (sts.state === 'error') words.push('MTA-STS broken');
  return words.length === 0 ? 'none' : words.join(', ');
}

class FailureCounter {
  readonly #rows = new Map<
    string,
    { type: ResultType; reason: string | undefined; count: number; domains: Set<string>; last: SessionSum }
  >();

  add(sum: SessionSum, type: ResultType, reason: string | undefined): void {
    const key = `${type}\n${reason ?? ''}`;
    const known = this.#rows.get(key);
    if (known === undefined) {
      const domains = new Set([sum.recipientDomain]);
      this.#rows.set(key, { type, reason, count: sum.count, domains, last: sum });
      return;
    }
    known.count += sum.count;
    known.domains.add(sum.recipientDomain);
    if (sum.hour > known.last.hour) known.last = sum;
  }

  rows(logs: readonly Log[], place: ExplainPlace): FailureRow[] {
    return [...this.#rows.values()]
      .sort((a, b) => b.count - a.count || (a.type < b.type ? -1 : 1))
      .map(({ type, reason, count, domains, last }) => ({
        resultType: type,
        ...(reason !== undefined && { reason }),
        count,
        domains: domains.size,
        last: last.hour,
        lastDomain: last.recipientDomain,
        explain: explainCommand(last, logs, place),
      }));
  }
}
