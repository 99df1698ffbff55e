import type { Config } from '../config.ts';
import { type Day, dayEnd, dayStart } from '../day.ts';
import type { Tally } from '../ledger/ledger.ts';
import type { Attributed } from '../policy/attribute.ts';
import type { Policy } from '../policy.ts';
import { POLICY_TYPES } from '../policy.ts';
import { FailureDetails, failureDetail } from './failure-details.ts';
import { reportId, submitterOf } from './names.ts';
import { isMxPattern, type PolicyEntry, type Report, reportSchema } from './schema.ts';
import { wireText, wireTexts } from './wire-text.ts';

/** What a report is made from. */
export interface ReportInput {
  readonly day: Day;
  /** The report domain, an A-label. */
  readonly domain: string;
  /** 1 for the first, more for reissues. */
  readonly revision: number;
  /** `Ledger.instance`. */
  readonly instance: string;
  /** The tallies of that day and domain, in any order. */
  readonly tallies: Iterable<Tally>;
  /** The policies a tally counts under: `attribute` of src/policy with the tally's snapshot. */
  readonly attribute: (tally: Tally) => readonly Attributed[];
  readonly config: Pick<Config, 'organization' | 'contact' | 'report'>;
}

/** What came of building. */
export type Built =
  | {
      readonly kind: 'report';
      readonly report: Report;
      /** The document: UTF-8 JSON, no byte order mark, ends with a newline. The same tallies give the same bytes. */
      readonly json: string;
      /** The tallies counted in it, ascending: what `Ledger.freeze` takes. */
      readonly tallyIds: readonly number[];
      /** Failure details folded because of `report.max-failure-details`; their counts are in the report. */
      readonly folded: number;
    }
  | { readonly kind: 'nothing'; readonly reason: 'no-sessions' | 'too-few-sessions' | 'successes-only' };

/**
 * The report of one UTC day and report domain (RFC 8460 §4), deterministic to the byte. Sessions that carried our own
 * reports are left out (RFC 8460 §3), inferred ones where `report.inferred` says so.
 * @throws ZodError if the document would break the wire schema: a bug, never an effect of input.
 */
export function buildReport(input: ReportInput): Built {
  const { config } = input;
  const counted = [...input.tallies].filter((tally) => isReported(tally, config.report.inferred));
  const groups = groupByPolicy(counted, input);
  const nothing = whyNothing(counted, groups, config.report);
  if (nothing !== undefined) return { kind: 'nothing', reason: nothing };
  const listed = [...groups.values()].sort(inOrder).map((group) => group.finish(config.report));
  const report = reportSchema.parse({
    'organization-name': wireText(config.organization) ?? submitterOf(config.contact),
    'date-range': {
      'start-datetime': wireTime(dayStart(input.day)),
      'end-datetime': wireTime(dayEnd(input.day) - 1000),
    },
    'contact-info': config.contact,
    'report-id': reportId({ ...input, submitter: submitterOf(config.contact) }),
    policies: listed.map(({ entry }) => entry),
  } satisfies Report);
  return {
    kind: 'report',
    report,
    json: `${JSON.stringify(report, null, 1)}\n`,
    tallyIds: counted.map(({ id }) => id).sort((a, b) => a - b),
    folded: listed.reduce((sum, { folded }) => sum + folded, 0),
  };
}

function isReported(tally: Tally, inferredToo: boolean): boolean {
  return tally.own !== true && (inferredToo || tally.basis !== 'inferred');
}

function groupByPolicy(tallies: readonly Tally[], input: ReportInput): Map<string, PolicyGroup> {
  const groups = new Map<string, PolicyGroup>();
  for (const tally of tallies) {
    for (const attributed of input.attribute(tally)) {
      const { type, domain, strings, mxHosts } = attributed.policy;
      const key = JSON.stringify([POLICY_TYPES.indexOf(type), domain, strings, mxHosts]);
      const group = groups.get(key) ?? new PolicyGroup(key, attributed.policy);
      groups.set(key, group);
      group.add(tally, attributed, input.config.report);
    }
  }
  return groups;
}

function whyNothing(
  counted: readonly Tally[],
  groups: ReadonlyMap<string, PolicyGroup>,
  rules: Config['report'],
): (Built & { kind: 'nothing' })['reason'] | undefined {
  const sessions = counted.reduce((sum, { count }) => sum + count, 0);
  // With `report.dane-to: mx` all results of a domain can belong into the reports of its MX hosts.
  if (sessions === 0 || groups.size === 0) return 'no-sessions';
  if (sessions < rules['min-sessions']) return 'too-few-sessions';
  const anyFailure = [...groups.values()].some((group) => group.failures > 0);
  return anyFailure || rules['success-only'] ? undefined : 'successes-only';
}

/** One entry of `policies` while it is summed up. */
class PolicyGroup {
  readonly key: string;
  readonly #policy: Policy;
  readonly #details = new FailureDetails();
  #successes = 0;
  failures = 0;

  constructor(key: string, policy: Policy) {
    this.key = key;
    this.#policy = policy;
  }

  add(tally: Tally, attributed: Attributed, rules: Config['report']): void {
    const sendingIp = { mask: rules['mask-sending-ip'], private: rules['private-sending-ip'] };
    if (attributed.outcome === 'success') this.#successes += tally.count;
    else {
      this.failures += tally.count;
      // A failure whose type nobody knows is still one: RFC 8460 §4.3.3 gives it the general name.
      const failure = { ...attributed, resultType: attributed.resultType ?? 'validation-failure' };
      this.#details.add(failureDetail(tally, failure, sendingIp), tally.count);
    }
    if (attributed.also !== undefined) {
      const beside = failureDetail(tally, { ...attributed.also, beforeConnection: true }, sendingIp);
      this.#details.add(beside, tally.count);
    }
  }

  finish(rules: Config['report']): { readonly entry: PolicyEntry; readonly folded: number } {
    const { details, folded } = this.#details.list(rules['max-failure-details']);
    const entry = {
      policy: wirePolicy(this.#policy),
      summary: {
        'total-successful-session-count': this.#successes,
        'total-failure-session-count': this.failures,
      },
      ...(details.length > 0 && { 'failure-details': details }),
    };
    return { entry, folded };
  }
}

/** RFC 8460 §4.4; `mx-host` only for sts, and nothing empty (receivers refuse what is). */
function wirePolicy(policy: Policy): PolicyEntry['policy'] {
  const strings = wireTexts(policy.strings);
  const common = { 'policy-domain': policy.domain };
  const stated = strings.length > 0 && { 'policy-string': strings };
  if (policy.type === 'no-policy-found') return { 'policy-type': policy.type, ...common };
  if (policy.type === 'tlsa') return { 'policy-type': policy.type, ...stated, ...common };
  const patterns = policy.mxHosts.filter(isMxPattern);
  const hosts = patterns.length > 0 && { 'mx-host': patterns };
  return { 'policy-type': policy.type, ...stated, ...common, ...hosts };
}

function inOrder(a: PolicyGroup, b: PolicyGroup): number {
  return a.key < b.key ? -1 : 1;
}

function wireTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
