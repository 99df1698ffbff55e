import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { type Day, dayEnd, dayOf } from '../day.ts';
import type { Demand, DomainDay, Ledger, StoredReport } from '../ledger/ledger.ts';
import type { JsonObject } from '../parser.ts';
import type { Honours } from '../policy/attribute.ts';
import type { Witness } from '../witness.ts';
import { type FrozenReport, freezeReport, type TrustAnchors, trustAnchorsOf } from './building.ts';
import { type DaneSessions, withDaneSessions } from './dane-sessions.ts';
import { type FoldedDay, noteFolded } from './folded.ts';
import { type HeldReason, heldBecause } from './held.ts';
import { SettledDays } from './settled.ts';

/** How long a day waits for policies and records that a broken resolver keeps from us. */
const PATIENCE_MS = 24 * 3_600_000;
/** Kind of the cached demands of MX hosts, by day. */
const HOST_DEMAND = 'host-demand';

/** What closing days needs. */
export interface ClosingDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly config: Config;
  /** What this host's MTAs honour, but for `trustAnchors`, which the log tells. */
  readonly honours: Omit<Honours, 'trustAnchors'>;
  /** The `_smtp._tls` record of a report domain as found now. */
  demand(domain: string): Promise<Demand>;
  readonly witness?: Witness;
  /** Set by `closeDays` where `report.dane-to` asks for it. */
  readonly daneSessions?: DaneSessions;
}

/** A report that was built, without its document: a day of a fleet has very many. */
export type BuiltReport = Omit<StoredReport, 'json'>;

/** What closing days came to. */
export interface ClosedDays {
  /** Reports built and queued. */
  readonly built: readonly BuiltReport[];
  readonly held: ReadonlyMap<Day, HeldReason>;
  /** (day, domain) pairs that wait for a resolver. */
  readonly waiting: number;
  /** Domains that ask for no report. */
  readonly unasked: number;
}

/**
 * Closes the days that are over: asks each domain for its record, builds and freezes the reports, queues them.
 * Days that ended longer ago than `delivery.max-age` are held, unless `released` names them.
 */
export async function closeDays(deps: ClosingDeps, released?: Day): Promise<ClosedDays> {
  const now = deps.clock.now();
  const logs = await deps.ledger.logs();
  const held = new Map<Day, HeldReason>();
  const trusting = await trustAnchorsOf(deps.ledger);
  const closing = new DayCloser({ ...deps, ...withDaneSessions(deps, trusting) }, trusting);
  const settled = await SettledDays.load(deps.ledger);
  for (const day of await deps.ledger.days()) {
    // A day whose domains were all dealt with is not held when it has become old.
    if (day >= dayOf(now) || (day !== released && settled.has(day))) continue;
    const reason = day === released ? undefined : await heldBecause(deps, day, logs);
    if (reason !== undefined) {
      held.set(day, reason);
      deps.witness?.tell?.(`day ${day}: not closed, ${reason}`);
    } else {
      const { waiting } = closing.summary();
      await closing.close(day);
      if (closing.summary().waiting === waiting) settled.add(day);
    }
  }
  await settled.save();
  await noteFolded(deps.ledger, closing.folded());
  return { ...closing.summary(), held };
}

class DayCloser {
  readonly #deps: ClosingDeps;
  readonly #trusting: TrustAnchors;
  readonly #built: BuiltReport[] = [];
  readonly #folded = new Map<Day, FoldedDay>();
  #waiting = 0;
  #unasked = 0;
  /** Domains of the day that are looked at, for displays of progress. */
  #done = 0;
  #total = 0;

  constructor(deps: ClosingDeps, trusting: TrustAnchors) {
    this.#deps = deps;
    this.#trusting = trusting;
  }

  summary(): Omit<ClosedDays, 'held'> {
    return { built: this.#built, waiting: this.#waiting, unasked: this.#unasked };
  }

  #tell(text: string): void {
    this.#deps.witness?.tell?.(text);
  }

  folded(): FoldedDay[] {
    return [...this.#folded.values()];
  }

  #add(frozen: FrozenReport | undefined): void {
    if (frozen === undefined) return;
    const { json: _, folded, ...report } = frozen;
    this.#built.push(report);
    if (folded === 0) return;
    const known = this.#folded.get(report.day);
    const [reports, details] = [1 + (known?.reports ?? 0), folded + (known?.details ?? 0)];
    this.#folded.set(report.day, { day: report.day, reports, details });
  }

  async close(day: Day): Promise<void> {
    const entries = await this.#deps.ledger.domainDays({ day });
    const open = entries.filter((entry) => entry.revision === 0);
    const hosts = new Set((await this.#deps.daneSessions?.hosts(day)) ?? []);
    this.#tell(`day ${day}: ${open.length} of ${entries.length} domains have no report yet`);
    this.#done = 0;
    this.#total = open.length;
    const waiting = this.#waiting;
    await inParallel(
      open.filter(({ domain }) => !hosts.has(domain)),
      20,
      (entry) => this.#closeDomain(entry),
    );
    const [hostDomains, impatient] = [open.filter(({ domain }) => hosts.has(domain)), this.#isImpatient(day)];
    // What a host is told depends on every domain behind it, so hosts come last.
    if (this.#waiting > waiting && !impatient) this.#waiting += hostDomains.length;
    else {
      await inParallel(hostDomains, 20, (entry) => this.#closeDomain(entry));
      for (const { domain } of entries) hosts.delete(domain);
      await inParallel([...hosts], 20, (host) => this.#closeHost(day, host));
    }
  }

  #isImpatient(day: Day): boolean {
    return this.#deps.clock.now() > dayEnd(day) + PATIENCE_MS;
  }

  /** The report to an MX host that is no recipient domain itself (`report.dane-to`). */
  async #closeHost(day: Day, host: string): Promise<void> {
    const { ledger } = this.#deps;
    if ((await ledger.report(day, host)) !== undefined) return;
    const known = await ledger.cached(HOST_DEMAND, `${day} ${host}`);
    const demand = known === undefined ? await this.#deps.demand(host) : (known.value as Demand);
    if (demand.kind === 'temporary') {
      this.#waiting++;
      return;
    }
    const keepUntil = dayEnd(day) + this.#deps.config.keep;
    if (known === undefined) await ledger.cache(HOST_DEMAND, `${day} ${host}`, toJson(demand), keepUntil);
    if (demand.kind !== 'record') return;
    const stored = await freezeReport(this.#deps, this.#trusting, day, host, 1, demand.rua);
    this.#add(stored);
  }

  async #closeDomain(entry: DomainDay): Promise<void> {
    this.#deps.witness?.step?.('reports', this.#done++, this.#total);
    const demand = await this.#demandFor(entry);
    const impatient = this.#isImpatient(entry.day);
    if (demand.kind === 'temporary' || (demand.kind === 'record' && entry.unattributed > 0 && !impatient)) {
      this.#waiting++;
      const why = demand.kind === 'temporary' ? demand.reason : 'some sessions have no policies yet';
      this.#tell(`day ${entry.day}: ${entry.domain} waits: ${why}`);
      return;
    }
    if (demand.kind !== 'record') {
      this.#unasked++;
      this.#tell(`day ${entry.day}: ${entry.domain} asks for no report (${demand.kind})`);
      return;
    }
    const stored = await freezeReport(this.#deps, this.#trusting, entry.day, entry.domain, 1, demand.rua);
    this.#add(stored);
  }

  async #demandFor(entry: DomainDay): Promise<Demand> {
    if (entry.demand !== undefined && entry.demand.kind !== 'temporary') return entry.demand;
    const demand = await this.#deps.demand(entry.domain);
    await this.#deps.ledger.rememberDemand(entry.day, entry.domain, demand, this.#deps.clock.now());
    return demand;
  }
}

function toJson(demand: Demand): JsonObject {
  return demand.kind === 'record' ? { ...demand, rua: [...demand.rua] } : { ...demand };
}

async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}
