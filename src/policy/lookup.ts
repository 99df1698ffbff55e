import type { Clock } from '../clock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { discover, type Findings } from './discover.ts';
import { isAbsent, type Resolver } from './dns.ts';
import type { Fetched } from './mta-sts-fetch.ts';
import type { Snapshot } from './snapshot.ts';
import { type RecordsReading, readRecords, recordName } from './tlsrpt-record.ts';

/** What `lookup` needs. */
export interface LookupDeps {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly ledger: Pick<Ledger, 'cached' | 'cache'>;
  readonly fetchPolicy: (domain: string) => Promise<Fetched>;
}

/** `good`: in force and usable. `bad`: published, and broken. `none`: not there. */
export type Verdict = 'good' | 'bad' | 'none' | 'temporary';

/** One thing a domain publishes, or does not, with the reason for the verdict. */
export interface Finding {
  readonly what: 'mx' | 'dane' | 'mta-sts' | 'tlsrpt';
  /** The name it was looked for at. */
  readonly name: string;
  readonly verdict: Verdict;
  readonly reason: string;
  /** What was found: records, policy lines, addresses for reports; may be empty. */
  readonly values: readonly string[];
  /** Departures that change nothing, and parts that cannot be used. */
  readonly warnings: readonly string[];
}

/** All a domain demands and asks for, as found now. */
export interface LookupResult {
  readonly domain: string;
  /** The policies found, in report form; absent where something could not be had. */
  readonly snapshot?: Snapshot;
  readonly findings: readonly Finding[];
  /** `found`: some policy or a TLSRPT record. `temporary`: ask again. */
  readonly outcome: 'found' | 'none' | 'temporary';
}

/** Looks up MX, TLSA, MTA-STS and TLSRPT of a domain and judges each of them. */
export async function lookupDomain(deps: LookupDeps, domain: string): Promise<LookupResult> {
  const [discovered, tlsrpt] = await Promise.all([
    discover(deps, domain, { dane: true, mtaSts: true }),
    findTlsrpt(deps.resolver, domain),
  ]);
  const findings = [...policyFindings(domain, discovered.findings), tlsrpt];
  return {
    domain,
    ...(discovered.kind === 'found' && { snapshot: discovered.snapshot }),
    findings,
    outcome: outcomeOf(findings),
  };
}

function outcomeOf(findings: readonly Finding[]): LookupResult['outcome'] {
  if (findings.some(({ verdict }) => verdict === 'temporary')) return 'temporary';
  const wanted = findings.filter(({ what }) => what !== 'mx');
  return wanted.some(({ verdict }) => verdict === 'good') ? 'found' : 'none';
}

function policyFindings(domain: string, { mx, hosts, sts }: Findings): Finding[] {
  const mxSecure = mx.kind === 'found' && mx.secure;
  return [
    mxFinding(domain, mx),
    ...hosts.map((host) => daneFinding(host, mxSecure)),
    stsFinding(domain, sts),
  ];
}

function mxFinding(domain: string, mx: Findings['mx']): Finding {
  if (mx.kind === 'temporary') return finding('mx', domain, 'temporary', mx.reason);
  const values = mx.hosts.map(({ name, preference }) => `${preference} ${name}`);
  const signed = mx.secure ? 'signed' : 'not signed: DANE proves nothing of the domain';
  switch (mx.state) {
    case 'found':
    case 'fixed':
      return finding('mx', domain, 'good', signed, values);
    case 'implicit':
      return finding(
        'mx',
        domain,
        'good',
        `no MX record, the address of the domain itself; ${signed}`,
        values,
      );
    case 'null':
      return finding('mx', domain, 'none', 'null MX: the domain takes no mail');
    case 'none':
      return finding('mx', domain, 'none', 'neither MX record nor address');
    case 'bogus':
      return finding('mx', domain, 'bad', 'the DNSSEC signatures do not hold');
  }
}

function daneFinding({ name, dane: found }: Findings['hosts'][number], mxSecure: boolean): Finding {
  const own = `_25._tcp.${name}`;
  if (found.kind === 'temporary') return finding('dane', own, 'temporary', found.reason);
  const { dane, reason } = found;
  if (dane.state === 'none') return finding('dane', own, 'none', reason);
  if (dane.state === 'bogus') return finding('dane', own, 'bad', `dnssec-invalid: ${reason}`);
  const warnings = mxSecure ? [] : ['the MX list is not signed, so most senders do not use these records'];
  const verdict = dane.usable ? 'good' : 'bad';
  return finding('dane', `_25._tcp.${dane.baseDomain}`, verdict, reason, dane.records, warnings);
}

function stsFinding(domain: string, found: Findings['sts']): Finding {
  const name = `_mta-sts.${domain}`;
  if (found.kind === 'temporary') return finding('mta-sts', name, 'temporary', found.reason);
  const { sts, record, policy, source, detail } = found;
  if (sts.state === 'none') return finding('mta-sts', name, 'none', 'reason' in record ? record.reason : '');
  if (sts.state === 'error') {
    return finding('mta-sts', name, 'bad', `${sts.error.resultType}: ${detail ?? sts.error.reason}`);
  }
  const warnings = [...(policy?.warnings ?? [])];
  if (sts.refreshError !== undefined)
    warnings.push(`fetching it anew failed: ${detail ?? sts.refreshError.reason}`);
  if (record.kind !== 'record') warnings.push(`no longer announced (${record.reason}), still cached`);
  const how = source === 'cached' ? 'from an earlier look-up' : 'fetched now';
  const verdict = sts.mode === 'none' ? 'none' : 'good';
  return finding('mta-sts', name, verdict, `mode ${sts.mode}, ${how}`, sts.lines, warnings);
}

async function findTlsrpt(resolver: Resolver, domain: string): Promise<Finding> {
  const name = recordName(domain);
  const answer = await resolver.lookup(name, 'TXT');
  if (isAbsent(answer)) return finding('tlsrpt', name, 'none', 'no TXT record');
  if (answer.kind !== 'answer') return finding('tlsrpt', name, 'temporary', answer.reason);
  return tlsrptFinding(name, readRecords(answer.records));
}

function tlsrptFinding(name: string, reading: RecordsReading): Finding {
  if (reading.kind === 'none') return finding('tlsrpt', name, 'none', reading.reason);
  if (reading.kind === 'malformed') return finding('tlsrpt', name, 'bad', reading.reason);
  const skipped = reading.skipped.map(({ uri, reason }) => `${JSON.stringify(uri)} is skipped: ${reason}`);
  return finding('tlsrpt', name, 'good', 'reports are asked for', reading.rua, [
    ...reading.warnings,
    ...skipped,
  ]);
}

function finding(
  what: Finding['what'],
  name: string,
  verdict: Verdict,
  reason: string,
  values: readonly string[] = [],
  warnings: readonly string[] = [],
): Finding {
  return { what, name, verdict, reason, values, warnings };
}
