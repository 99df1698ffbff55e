import type { Day } from '../day.ts';
import type { TrustAnchors } from '../days/building.ts';
import type { SessionSum } from '../ledger/sums.ts';
import type { Snapshot } from '../policy/snapshot.ts';
import { type Judgement, judge, type Level, type Reason } from './judge.ts';

/** How one domain's mail would fare at a level, from what was seen. */
export interface DomainPosture {
  readonly domain: string;
  readonly sessions: number;
  readonly passes: number;
  readonly fails: number;
  readonly unproven: number;
  /** Sessions by why they would fail. */
  readonly failing: Readonly<Partial<Record<Reason, number>>>;
  /** Sessions by why nobody can tell. */
  readonly unknown: Readonly<Partial<Record<Reason, number>>>;
  /** The MX hosts with failing sessions, the worst first. */
  readonly hosts: readonly string[];
  /** The first and last UTC day with a session that would fail; absent if there is none. */
  readonly firstFailed?: Day;
  readonly lastFailed?: Day;
  /** The last UTC day with a session that would pass. */
  readonly lastPassed?: Day;
}

/**
 * Every domain's posture at a level; those that would break come first, the busiest before the others.
 * @param snapshots by id, those the sums name
 */
export function posture(
  level: Level,
  sums: Iterable<SessionSum>,
  snapshots: ReadonlyMap<string, Snapshot>,
  trusting: TrustAnchors,
): DomainPosture[] {
  const domains = new Map<string, DomainCounter>();
  for (const sum of sums) {
    const snapshot = sum.snapshot === null ? undefined : snapshots.get(sum.snapshot);
    const judgement = judge(level, sum, snapshot, trusting.has(sum.host, sum.parser));
    let counter = domains.get(sum.recipientDomain);
    if (counter === undefined) {
      counter = new DomainCounter(sum.recipientDomain);
      domains.set(sum.recipientDomain, counter);
    }
    counter.add(sum, judgement);
  }
  return [...domains.values()].map((counter) => counter.posture()).sort(worstFirst);
}

class DomainCounter {
  readonly #domain: string;
  readonly #counts = { passes: 0, fails: 0, unproven: 0 };
  readonly #failing = new Map<Reason, number>();
  readonly #unknown = new Map<Reason, number>();
  readonly #hosts = new Map<string, number>();
  #firstFailed: Day | undefined;
  #lastFailed: Day | undefined;
  #lastPassed: Day | undefined;

  constructor(domain: string) {
    this.#domain = domain;
  }

  add(sum: SessionSum, { verdict, reason }: Judgement): void {
    this.#counts[verdict] += sum.count;
    if (verdict === 'passes' && sum.day > (this.#lastPassed ?? '')) this.#lastPassed = sum.day;
    if (reason === undefined) return;
    if (verdict === 'unproven') {
      count(this.#unknown, reason, sum.count);
      return;
    }
    count(this.#failing, reason, sum.count);
    if (this.#firstFailed === undefined || sum.day < this.#firstFailed) this.#firstFailed = sum.day;
    if (sum.day > (this.#lastFailed ?? '')) this.#lastFailed = sum.day;
    if (sum.receivingMxHostname !== undefined) count(this.#hosts, sum.receivingMxHostname, sum.count);
  }

  posture(): DomainPosture {
    return {
      domain: this.#domain,
      sessions: this.#counts.passes + this.#counts.fails + this.#counts.unproven,
      ...this.#counts,
      failing: Object.fromEntries(byCount(this.#failing)),
      unknown: Object.fromEntries(byCount(this.#unknown)),
      hosts: byCount(this.#hosts).map(([host]) => host),
      ...(this.#firstFailed !== undefined && { firstFailed: this.#firstFailed }),
      ...(this.#lastFailed !== undefined && { lastFailed: this.#lastFailed }),
      ...(this.#lastPassed !== undefined && { lastPassed: this.#lastPassed }),
    };
  }
}

function count<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function byCount<K extends string>(counts: ReadonlyMap<K, number>): [K, number][] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

function worstFirst(a: DomainPosture, b: DomainPosture): number {
  return (
    b.fails - a.fails || b.unproven - a.unproven || b.sessions - a.sessions || (a.domain < b.domain ? -1 : 1)
  );
}
