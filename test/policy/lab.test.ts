import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { dayOf } from '../../src/day.ts';
import { toDomain } from '../../src/domain.ts';
import type { Tally } from '../../src/ledger/ledger.ts';
import { attribute } from '../../src/policy/attribute.ts';
import { readTimeline, stretches } from '../../src/policy/timeline.ts';
import { TallyCounter } from '../../src/reading/batch.ts';
import { buildReport } from '../../src/report/build.ts';
import type { PolicyEntry } from '../../src/report/schema.ts';
import type { Session } from '../../src/session.ts';
import { labRun, labSessions } from '../parsers/postfix/lab-run.ts';

/**
 * A real day of Postfix 3.12 at level dane with an MTA-STS policy table, its zones' policies as a timeline, and the
 * datagrams its native TLSRPT sent: the reports made of the log must be those made of the datagrams.
 */
const LAB = new URL('../lab/postfix312-dane/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, LAB), 'utf8');

const HONOURS = { dane: true, mtaSts: true, halfDane: true, trustAnchors: true } as const;
const CONFIG = configSchema.parse({ organization: 'o', contact: 'a@b.example', state: '/x' });

/** One entry of `policies` with one of its two counts, as a line of text: equal lines are equal entries. */
type Counts = Map<string, number>;

interface Difference {
  /** Begins with the report domain. */
  readonly entry: string;
  readonly native: number;
  readonly ours: number;
  readonly why: string;
}

describe('reports made of the log, and of native datagrams', () => {
  const native = nativeCounts();
  const ours = ourCounts();
  const known = JSON.parse(read('report-differences.json')) as Difference[];

  test('are equal in policy type, domain, strings, mx-host and counts, but for the differences listed', () => {
    const differing = [...new Set([...native.keys(), ...ours.keys()])]
      .map((entry) => ({ entry, native: native.get(entry) ?? 0, ours: ours.get(entry) ?? 0 }))
      .filter((each) => each.native !== each.ours)
      .sort((a, b) => (a.entry < b.entry ? -1 : 1));
    expect(differing).toEqual(known.map(({ why: _, ...difference }) => difference));
  });

  test('every difference has its reason', () => {
    expect(known.every(({ why }) => why.length > 20)).toBe(true);
  });

  test('all three kinds of policy are among them', () => {
    const entries = [...ours.keys()].join('\n');
    for (const type of ['tlsa', 'sts', 'no-policy-found']) expect(entries).toContain(` ${type} `);
    expect(ours.size).toBeGreaterThan(80);
  });
});

interface Datagram {
  readonly d: string;
  readonly policies: readonly {
    readonly 'policy-type': 1 | 2 | 9;
    readonly 'policy-domain': string;
    readonly 'policy-string'?: readonly string[];
    readonly 'mx-host'?: readonly string[];
    readonly f: 0 | 1;
  }[];
}

const TYPES = { 1: 'tlsa', 2: 'sts', 9: 'no-policy-found' } as const;

/** What a report made of the datagrams would count: one session a datagram. Names fold case, TLSA records are sorted. */
function nativeCounts(): Counts {
  const counts: Counts = new Map();
  for (const line of read('datagrams.jsonl').trim().split('\n')) {
    const { d, policies } = (JSON.parse(line) as { datagram: Datagram }).datagram;
    for (const policy of policies) {
      const type = TYPES[policy['policy-type']];
      const strings = [...(policy['policy-string'] ?? [])];
      const sorted = type === 'tlsa' ? strings.sort() : strings;
      const words = [type, policy['policy-domain'].toLowerCase(), sorted, policy['mx-host'] ?? []] as const;
      count(counts, d.toLowerCase(), words, policy.f === 0 ? 'successes' : 'failures', 1);
    }
  }
  return counts;
}

/** What our reports count, of the domains that publish a TLSRPT record: native asks for it too. */
function ourCounts(): Counts {
  const run = labRun('postfix312-dane');
  const domains = new Set(run.scenario.reportDomains.map((domain) => toDomain(domain)));
  const counts: Counts = new Map();
  const timeline = readTimeline(read('policies.jsonl'), 'policies.jsonl');
  for (const [domain, tallies] of byDomain(labSessions(run))) {
    if (!domains.has(domain)) continue;
    for (const entry of policiesOf(domain, tallies)) {
      const { policy, summary } = entry;
      const hosts = 'mx-host' in policy ? policy['mx-host'] : [];
      const strings = 'policy-string' in policy ? policy['policy-string'] : [];
      const words = [policy['policy-type'], policy['policy-domain'], strings ?? [], hosts ?? []] as const;
      count(counts, domain, words, 'successes', summary['total-successful-session-count']);
      count(counts, domain, words, 'failures', summary['total-failure-session-count']);
    }
  }
  return counts;

  function policiesOf(domain: string, tallies: readonly Tally[]): readonly PolicyEntry[] {
    const built = buildReport({
      day: dayOf(tallies[0]?.hour ?? 0),
      domain,
      revision: 1,
      instance: 'test',
      tallies,
      config: CONFIG,
      attribute: (tally) => {
        const [found] = stretches(timeline, domain, tally.hour, tally.hour);
        return attribute(tally, found?.snapshot, HONOURS);
      },
    });
    return built.kind === 'report' ? built.report.policies : [];
  }
}

function byDomain(sessions: readonly Session[]): Map<string, Tally[]> {
  const counter = new TallyCounter('mta1', 'postfix');
  for (const session of sessions) counter.add(session);
  const result = new Map<string, Tally[]>();
  let id = 0;
  for (const { key, count } of counter.take().values()) {
    const tallies = result.get(key.recipientDomain) ?? [];
    tallies.push({ ...key, id: ++id, count, snapshot: null, revision: 0 });
    result.set(key.recipientDomain, tallies);
  }
  return result;
}

function count(
  counts: Counts,
  domain: string,
  [type, policyDomain, strings, hosts]: readonly [string, string, readonly string[], readonly string[]],
  what: 'successes' | 'failures',
  sessions: number,
): void {
  const policy = [type, policyDomain, ...strings.map((text) => `[${text}]`), ...hosts].join(' ');
  const entry = `${domain} ${policy} ${what}`;
  if (sessions > 0) counts.set(entry, (counts.get(entry) ?? 0) + sessions);
}
