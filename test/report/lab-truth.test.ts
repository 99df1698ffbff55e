import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { toDomain } from '../../src/domain.ts';
import { reportSchema } from '../../src/report/schema.ts';
import { makePlace } from '../cli/place.ts';
import { runCli } from '../cli/run-cli.ts';

const RUN = fileURLToPath(new URL('../lab/postfix-dane/', import.meta.url));
const NOW = '2026-11-24T05:00:00Z';

/** What the receivers saw of one connection, as far as this test reads it. */
interface Connection {
  readonly scenario: string;
  readonly handshake: string | null;
  readonly starttls_cmd: boolean;
  readonly ehlo: readonly string[];
  readonly txns: readonly { readonly rcpt: readonly (readonly [string, string])[] }[];
}

/** Sessions by how TLS went: `good` stood, `bad` broke in the handshake, `plain` never began. */
interface Counts {
  good: number;
  bad: number;
  plain: number;
}

interface Row {
  readonly domain: string;
  readonly report: Counts;
  readonly receivers: Counts;
  readonly why: string;
}

const EXPLAINED = JSON.parse(readFileSync(`${RUN}report-differences.json`, 'utf8')) as readonly Row[];

function count(table: Map<string, Counts>, domain: string, kind: keyof Counts, by: number): void {
  const counts = table.get(domain) ?? { good: 0, bad: 0, plain: 0 };
  counts[kind] += by;
  table.set(domain, counts);
}

/** The lab wrote the bytes of an address as Latin-1. */
function domainOf(recipient: string): string {
  const address = Buffer.from(recipient, 'latin1').toString('utf8');
  return toDomain(address.slice(address.lastIndexOf('@') + 1)) ?? address;
}

/** A connection counts for the domain of its first recipient; one that got so far, for the domain it was set up for. */
function receivers(): Map<string, Counts> {
  const table = new Map<string, Counts>();
  for (const line of readFileSync(`${RUN}truth.jsonl`, 'utf8').trim().split('\n')) {
    const seen = JSON.parse(line) as Connection;
    const recipient = seen.txns[0]?.rcpt[0]?.[0];
    const domain = recipient === undefined ? seen.scenario : domainOf(recipient);
    if (seen.handshake === 'ok') count(table, domain, 'good', 1);
    else if (seen.handshake !== null) count(table, domain, 'bad', 1);
    else if (seen.ehlo.length > 0) count(table, domain, 'plain', 1);
  }
  return table;
}

/** A refused certificate stood at the receiver: the sender turned away after the handshake. */
async function reports(): Promise<Map<string, Counts>> {
  const place = await makePlace();
  const table = new Map<string, Counts>();
  await runCli([
    'backfill',
    `${RUN}mail.log`,
    '--timezone',
    'UTC',
    '--host',
    'mta1',
    '--now',
    NOW,
    '--config',
    place.config,
  ]);
  const result = await runCli(['report', '--json', '--offline', '--now', NOW, '--config', place.config]);
  await place.remove();
  for (const document of result.json()) {
    const report = reportSchema.parse(document);
    const [, domain = ''] = /^\d{4}-\d\d-\d\d\.(.+)\.test\.1@/.exec(report['report-id']) ?? [];
    for (const { summary, 'failure-details': details = [] } of report.policies) {
      count(table, domain, 'good', summary['total-successful-session-count']);
      for (const detail of details) {
        // A look-up that failed before any connection: no receiver can have seen it.
        if (detail['result-type'] === 'dnssec-invalid') continue;
        const broke = detail['failure-reason-code'] === 'tls-handshake-failure';
        const kind = broke ? 'bad' : detail['result-type'] === 'starttls-not-supported' ? 'plain' : 'good';
        count(table, domain, kind, detail['failed-session-count']);
      }
    }
  }
  return table;
}

it("the reports of a day hold each domain's good and bad handshakes; every difference is explained", async () => {
  const told = await reports();
  const seen = receivers();
  expect(told.size).toBeGreaterThan(80);
  const differing: Omit<Row, 'why'>[] = [];
  for (const domain of [...new Set([...told.keys(), ...seen.keys()])].sort()) {
    const none = { good: 0, bad: 0, plain: 0 };
    const report = told.get(domain) ?? none;
    const truth = seen.get(domain) ?? none;
    if (JSON.stringify(report) !== JSON.stringify(truth))
      differing.push({ domain, report, receivers: truth });
  }
  expect(differing).toEqual(EXPLAINED.map(({ why: _why, ...row }) => row));
  expect(EXPLAINED.every(({ why }) => why.length > 20)).toBe(true);
});
