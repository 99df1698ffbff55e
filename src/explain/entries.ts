import { type Day, dayOf, dayStart, hourOf } from '../day.ts';
import { attributor, type BuildingDeps, type TrustAnchors } from '../days/building.ts';
import type { StoredReport, Tally } from '../ledger/ledger.ts';
import type { Attributed } from '../policy/attribute.ts';
import { resultsFor } from '../policy/dane-to.ts';
import type { PolicyType } from '../policy.ts';
import type { ResultType } from '../result-type.ts';
import type { Session } from '../session.ts';

/** The entry of a report that a session was counted in, or will be. */
export interface ReportEntry {
  /**
   * `reported`: in the report named; `late`: it came after that report was built; `waiting`: its day is not closed
   * yet; `left-out`: no report tells of it (our own reports; inferred ones where the config says so).
   */
  readonly state: 'reported' | 'late' | 'waiting' | 'left-out';
  readonly reportId?: string;
  readonly revision?: number;
  readonly policyType: PolicyType;
  readonly policyDomain: string;
  readonly outcome: 'success' | 'failure';
  /** Set for failures only; may differ from the log's where a policy made a failure of it. */
  readonly resultType?: ResultType;
  readonly failureReasonCode?: string;
}

interface Standing {
  readonly state: ReportEntry['state'];
  readonly report?: StoredReport;
}

interface Found {
  readonly tallies: readonly Tally[];
  readonly attributed: (tally: Tally) => readonly Attributed[];
  readonly report: StoredReport | undefined;
}

/** Days and domains kept at hand, for a log tells of the same ones over and over. */
const REMEMBERED = 200;

/** Finds in the ledger where sessions read from a log went. */
export class ReportEntries {
  readonly #deps: BuildingDeps;
  readonly #trusting: TrustAnchors;
  readonly #found = new Map<string, Found>();

  constructor(deps: BuildingDeps, trusting: TrustAnchors) {
    this.#deps = deps;
    this.#trusting = trusting;
  }

  /** One entry a policy and report (`report.dane-to`); none where the ledger does not hold the session. */
  async of(session: Session, parser: string): Promise<readonly ReportEntry[]> {
    const found = await this.#find(dayOf(session.time), session.recipientDomain);
    const counted = found.tallies.filter((tally) => counts(tally, session, parser));
    const tally = counted.find(({ revision }) => revision > 0) ?? counted[0];
    if (tally === undefined) return [];
    const day = dayOf(session.time);
    const own = this.#stateOf(tally, found.report);
    const entries: ReportEntry[] = [];
    for (const result of found.attributed(tally)) {
      const { type, domain: host } = result.policy;
      if (this.#isFor(session.recipientDomain, tally, result)) entries.push(entryOf(result, own));
      if (type === 'tlsa' && host !== session.recipientDomain && this.#isFor(host, tally, result))
        entries.push(entryOf(result, await this.#hostStateOf(tally, day, host)));
    }
    return entries;
  }

  #isFor(reportDomain: string, tally: Tally, result: Attributed): boolean {
    return resultsFor(reportDomain, tally, [result], this.#deps.config.report['dane-to']).length > 0;
  }

  /** In the report to an MX host; whether it came in time only the recipient's own report could tell. */
  async #hostStateOf(tally: Tally, day: Day, host: string): Promise<Standing> {
    const standing = this.#stateOf(tally, await this.#deps.ledger.report(day, host));
    return standing.state === 'late' ? { ...standing, state: 'reported' } : standing;
  }

  #stateOf(tally: Tally, report: StoredReport | undefined): Standing {
    const inferredToo = this.#deps.config.report.inferred;
    if (tally.own === true || (tally.basis === 'inferred' && !inferredToo)) return { state: 'left-out' };
    if (report === undefined) return { state: 'waiting' };
    return { state: tally.revision > 0 ? 'reported' : 'late', report };
  }

  async #find(day: Day, domain: string): Promise<Found> {
    const name = `${day} ${domain}`;
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const { ledger } = this.#deps;
    const tallies = await ledger.tallies({ day, domain });
    const found: Found = {
      tallies,
      attributed: await attributor(tallies, this.#deps, this.#trusting),
      report: tallies.length === 0 ? undefined : await ledger.report(day, domain),
    };
    if (this.#found.size >= REMEMBERED) this.#found.clear();
    this.#found.set(name, found);
    return found;
  }
}

function entryOf(
  { policy, outcome, resultType, failureReasonCode }: Attributed,
  { state, report }: Standing,
): ReportEntry {
  return {
    state,
    ...(report !== undefined && { reportId: report.reportId, revision: report.revision }),
    policyType: policy.type,
    policyDomain: policy.domain,
    outcome,
    ...(resultType !== undefined && { resultType }),
    ...(failureReasonCode !== undefined && { failureReasonCode }),
  };
}

/**
 * Whether the tally counts such a session. Its hour is the session's, or the day's once attributed; the host is that of
 * whoever read it, and the sending address may have been filled in then.
 */
function counts(tally: Tally, session: Session, parser: string): boolean {
  const { time } = session;
  if (tally.parser !== parser) return false;
  if (tally.hour !== hourOf(time) && tally.hour !== dayStart(dayOf(time))) return false;
  return (
    tally.outcome === session.outcome &&
    tally.resultType === session.resultType &&
    tally.failureReasonCode === session.failureReasonCode &&
    tally.receivingMxHostname === session.receivingMxHostname &&
    (tally.outcome === 'success' || tally.receivingIp === session.receivingIp) &&
    tally.peerTrust === session.peerTrust &&
    tally.tlsVersion === session.tlsVersion &&
    tally.policyTypeHint === session.policyTypeHint &&
    tally.basis === session.basis &&
    tally.resumed === session.resumed
  );
}
