import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { counted, labPath, match, readRun, sessionsOf } from './lab-truth.ts';

const RUNS = ['exim-debian', 'exim-full', 'exim-require-tls', 'exim-reuse', 'exim-syslog'];

/** What log and receivers tell differently, each with the rule that explains it. */
interface Differences {
  readonly unseen: readonly Explained[];
  readonly withoutConnection: readonly Explained[];
  readonly refusedAfterHandshake: readonly Explained[];
}

interface Explained {
  readonly rule: string;
  readonly [key: string]: string | number | null;
}

function withoutRule(entries: readonly Explained[]): string[] {
  return entries.map(({ rule, ...rest }) => JSON.stringify(rest)).sort();
}

function texts(entries: readonly object[]): string[] {
  return counted(entries)
    .map((entry) => JSON.stringify(entry))
    .sort();
}

describe.each(RUNS)('%s', (name) => {
  const run = readRun(name);
  const { pairs, unseen, without } = match(run);
  const table: Differences = JSON.parse(readFileSync(labPath(name, 'differences.json'), 'utf8'));

  it('claims no success that the receivers did not see', () => {
    expect(run.sessions.filter(({ outcome }) => outcome === 'success').length).toBeGreaterThan(50);
    expect(without.filter(({ outcome }) => outcome === 'success')).toEqual([]);
  });

  it('explains every connection of which no session tells', () => {
    const found = unseen.map(({ scenario, handshake, end }) => ({ scenario, handshake, end }));
    expect(texts(found)).toEqual(withoutRule(table.unseen));
  });

  it('explains every session that belongs to no connection', () => {
    const found = without.map(({ recipientDomain: domain, resultType }) => ({ domain, resultType }));
    expect(texts(found)).toEqual(withoutRule(table.withoutConnection));
  });

  it('explains every failure whose handshake the receiver thought good', () => {
    const failed = pairs.filter(
      ({ session, connection }) => session.outcome === 'failure' && connection.handshake === 'ok',
    );
    const found = failed.map(({ session, connection }) => ({
      scenario: connection.scenario,
      end: connection.end,
      resultType: session.resultType,
    }));
    expect(texts(found)).toEqual(withoutRule(table.refusedAfterHandshake));
  });

  it('gives every difference a rule', () => {
    const all = [...table.unseen, ...table.withoutConnection, ...table.refusedAfterHandshake];
    expect(all.filter(({ rule }) => !/(?:^|\W)(?:R\d|F\d|fact \d|§3|greeting)/.test(rule))).toEqual([]);
  });

  it('reads every delivery and TLS line by a rule', () => {
    expect(run.readings.filter(({ rule }) => rule === 'unknown' || rule === 'line-piece-lost')).toEqual([]);
  });
});

it('reads syslog with Exim’s stamp inside as it reads the mainlog', () => {
  const mainlog = sessionsOf(labPath('exim-reuse', 'mainlog')).sessions;
  expect(sessionsOf(labPath('exim-reuse', 'mail.log')).sessions).toEqual(mainlog);
});
