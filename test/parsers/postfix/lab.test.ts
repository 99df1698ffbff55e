import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/parser.ts';
import { addressOf, compare, type Difference, type LabRun, labRun, labSessions } from './lab-run.ts';

const RUNS = readdirSync(new URL('../../lab/', import.meta.url)).filter((name) => name.startsWith('postfix'));
const BROKEN = 'tls-handshake-failure';

/** The differences a run's committed table names for one witness. */
function tabled(run: LabRun, witness: Difference['witness']) {
  return run.differences
    .filter((difference) => difference.witness === witness)
    .map(({ key, log, other }) => ({ key, log, other }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** A session whose log shows that TLS stood, by address, version and whether it was resumed. */
function stood({ receivingIp, tlsVersion, resumed }: Session): string[] {
  return tlsVersion === undefined ? [] : [handshake(receivingIp ?? '?', tlsVersion, resumed ?? null)];
}

function handshake(address: string, version: string | null, resumed: boolean | null): string {
  // Only TLS 1.3 tells in its tail that a session was resumed.
  return [address, version, version === 'TLSv1.3' && resumed === true ? 'resumed' : 'new'].join(' ');
}

function verdict({ recipientDomain, resultType }: Session): string {
  return `${recipientDomain} ${resultType ?? 'success'}`;
}

const isNativeLine = (line: string) =>
  /^\S+ +\S+ \S+ \S+ postfix\/(?:smtp|tlsproxy)\[\d+\]: TLSRPT: /.test(line);

describe.each(RUNS)('%s', (name) => {
  const run = labRun(name);
  const sessions = labSessions(run);
  const logsSuccess = run.scenario.main_cf['smtp_tls_loglevel'] !== '0';

  it('claims no success the receivers did not see', () => {
    const seen = run.truth.filter((one) => one.handshake === 'ok');
    const claimed = sessions
      .filter(({ outcome }) => outcome === 'success')
      .map(({ receivingIp }) => receivingIp ?? '?');
    const excess = compare(
      claimed,
      seen.map(({ local }) => addressOf(local)),
    ).differing.filter(({ log, other }) => log > other);
    // The TLS 1.3 client is done before the server refuses its lack of a certificate: success, natively too.
    expect(excess.map(({ key }) => key)).toEqual(logsSuccess ? ['10.77.1.27'] : []);
  });

  if (logsSuccess)
    it('tells every handshake of the receivers: address, version, resumed or new', () => {
      const seen = run.truth
        .filter((one) => one.handshake === 'ok')
        .map(({ local, tls, resumed }) => handshake(addressOf(local), tls, resumed));
      expect(compare(sessions.flatMap(stood), seen).differing).toEqual(tabled(run, 'receivers'));
    });

  it('tells every handshake that broke, by address', () => {
    const seen = run.truth.filter(({ handshake }) => handshake !== null && handshake !== 'ok');
    const told = sessions.filter(({ failureReasonCode }) => failureReasonCode === BROKEN);
    const { differing } = compare(
      told.map(({ receivingIp }) => receivingIp ?? '?'),
      seen.map(({ local }) => addressOf(local)),
    );
    expect(differing).toEqual(tabled(run, 'handshakes'));
  });

  if (run.native !== undefined)
    it('tells by its TLSRPT: lines exactly what native TLSRPT sent', () => {
      const native = run.native ?? [];
      const told = sessions.filter(({ basis }) => basis === 'tlsrpt-line').map(verdict);
      expect(compare(told, native).differing).toEqual([]);
      const covered = new Set(run.scenario.reportDomains);
      const reported = sessions.filter(
        ({ basis, recipientDomain }) => basis !== 'inferred' && covered.has(recipientDomain),
      );
      expect(compare(reported.map(verdict), native).differing).toEqual(tabled(run, 'native-kept'));
    });

  if (run.native !== undefined)
    it('tells without its TLSRPT: lines what native TLSRPT sent', () => {
      const lines = run.lines.filter((line) => !isNativeLine(line));
      const native = run.native ?? [];
      expect(run.lines.length - lines.length).toBe(native.length);
      const covered = new Set(run.scenario.reportDomains);
      const told = labSessions(run, lines).filter(
        ({ basis, recipientDomain }) => basis !== 'inferred' && covered.has(recipientDomain),
      );
      const { differing, keys } = compare(told.map(verdict), native);
      expect(differing).toEqual(tabled(run, 'native'));
      const untold = run.differences.filter(
        (difference) => difference.witness === 'native' && difference.untold,
      );
      const equal = (keys - differing.length) / (keys - untold.length);
      console.info(
        `${name}: ${keys - differing.length} of ${keys} (domain, result type) equal; ${untold.length} of them no line can tell; of the rest ${(equal * 100).toFixed(1)} %`,
      );
      expect(equal).toBeGreaterThanOrEqual(0.98);
    });

  it('knows a rule for every line of smtp, lmtp and tlsproxy', () => {
    const rules: string[] = [];
    labSessions(run, run.lines, ({ rule }) => rules.push(rule));
    const theirs = run.lines.filter((line) => /^.{15} \S+ postfix\S*\/(?:smtp|lmtp|tlsproxy)\[/.test(line));
    expect(theirs.length).toBeGreaterThan(200);
    expect(rules).toHaveLength(theirs.length);
    expect(rules).not.toContain('unknown');
  });

  it('has a reason for every difference', () => {
    for (const { why } of run.differences) expect(why).toMatch(/^.{20,}\.$/);
  });
});
