import type { Config } from '../config.ts';
import type { Day } from '../day.ts';
import type { OutboxRow } from '../ledger/ledger.ts';
import { firstTime } from './schedule.ts';
import { toTarget } from './target.ts';

/** One rule of `delivery.destinations`. */
export type DestinationRule = Config['delivery']['destinations'][number];

/** Where a report goes, before anything is queued. */
export interface Plan {
  /** What `Ledger.freeze` queues. */
  readonly rows: readonly Pick<OutboxRow, 'rua' | 'state' | 'notBefore'>[];
  /** Addresses that were left out, and why, for `status` and `--dry-run`. */
  readonly ignored: readonly { readonly rua: string; readonly reason: string }[];
}

/**
 * Plans the way of one report: the addresses of the record, steered by `delivery.destinations`, at most
 * `delivery.max-uris` of them, and our own directory.
 * @param held for days too old to be mailed by themselves
 */
export function planOutbox(
  delivery: Config['delivery'],
  report: {
    readonly day: Day;
    readonly domain: string;
    readonly rua: readonly string[];
    readonly held: boolean;
  },
): Plan {
  const ignored: { rua: string; reason: string }[] = [];
  const asked = new Set<string>();
  for (const rua of report.rua) {
    if (toTarget(rua) === undefined || rua.startsWith('directory:'))
      ignored.push({ rua, reason: 'it is no usable mailto: or https: address' });
    else if (asked.size >= delivery['max-uris'])
      ignored.push({ rua, reason: `the record names more than ${delivery['max-uris']} addresses` });
    else asked.add(rua);
  }
  const wanted = new Set<string>();
  for (const rua of asked) {
    const steered = steer(delivery.destinations, report.domain, rua);
    if (steered.length === 0) ignored.push({ rua, reason: 'discarded by delivery.destinations' });
    for (const target of steered) wanted.add(target);
  }
  if (delivery.directory !== undefined) wanted.add(`directory:${delivery.directory}`);
  const notBefore = firstTime(report.domain, report.day, delivery.spread);
  const state = report.held ? 'held' : 'due';
  return { rows: [...wanted].map((rua) => ({ rua, state, notBefore })), ignored };
}

/** What the first rule that matches makes of one address; without one it stays as it is. */
function steer(rules: readonly DestinationRule[], domain: string, rua: string): readonly string[] {
  const rule = rules.find((one) => matchesDomain(one.domain, domain) && matchesRua(one.rua, rua));
  switch (rule?.action) {
    case 'discard':
      return [];
    case 'replace':
      return rule.to;
    case 'append':
      return [rua, ...rule.to];
    case 'directory':
      return rule.to.map((path) => `directory:${path}`);
    default:
      return [rua];
  }
}

function matchesDomain(pattern: string | undefined, domain: string): boolean {
  if (pattern === undefined || pattern === '*') return true;
  return pattern.startsWith('*.')
    ? domain.endsWith(pattern.slice(1).toLowerCase())
    : domain === pattern.toLowerCase();
}

function matchesRua(pattern: string | undefined, rua: string): boolean {
  if (pattern === undefined) return true;
  return pattern.endsWith('*') ? rua.startsWith(pattern.slice(0, -1)) : rua === pattern;
}
