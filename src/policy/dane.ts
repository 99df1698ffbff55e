import {
  type DnsAnswer,
  type DnsFault,
  isAbsent,
  isFault,
  type Resolver,
  type Tlsa,
  type Unanswered,
} from './dns.ts';
import type { Dane } from './snapshot.ts';

/** More records than any host needs. */
const MAX_RECORDS = 50;
/** Bytes of the digests of matching types 1 (SHA-256) and 2 (SHA-512), RFC 6698 §2.1.3. */
const DIGEST_BYTES: ReadonlyMap<number, number> = new Map([
  [1, 32],
  [2, 64],
]);

/** The TLSA records of a host: what a snapshot keeps, with the reason for people. */
export type DaneFinding =
  | { readonly kind: 'found'; readonly dane: Dane; readonly reason: string }
  | Unanswered;

/**
 * Finds the TLSA base domain and records of an MX host (RFC 7672 §2.2.2, §2.2.3): no TLSA is asked for where the
 * addresses are not secure; of a secure alias the target comes first, then the name itself; of an alias that leads
 * into an unsigned zone the name itself counts if the alias is secure.
 * @param port of the receiving server, 25 but for smart hosts.
 */
export async function findDane(resolver: Resolver, host: string, port = 25): Promise<DaneFinding> {
  const bases = await baseDomains(resolver, host);
  if ('kind' in bases) return bases;
  for (const base of bases.names) {
    const answer = await resolver.lookup(`_${port}._tcp.${base}`, 'TLSA');
    const finding = readTlsa(answer, base);
    if (finding !== undefined) return finding;
  }
  return none(bases.names.length === 0 ? bases.reason : 'no TLSA records');
}

type Bases = { readonly names: readonly string[]; readonly reason: string };

async function baseDomains(resolver: Resolver, host: string): Promise<Bases | DaneFinding> {
  const [v4, v6] = await Promise.all([resolver.lookup(host, 'A'), resolver.lookup(host, 'AAAA')]);
  const known = v4.kind === 'answer' ? v4 : v6.kind === 'answer' ? v6 : undefined;
  if (known === undefined) {
    const fault = isFault(v4) ? v4 : isFault(v6) ? v6 : undefined;
    if (fault !== undefined) return faultFinding(fault, `the addresses of ${host}`);
    return { names: [], reason: 'the host has no address' };
  }
  const secure = [v4, v6].every((answer) => !('secure' in answer) || answer.secure);
  if (secure) return { names: known.name === host ? [host] : [known.name, host], reason: '' };
  if (known.name === host) return { names: [], reason: 'the addresses are not signed' };
  const alias = await resolver.lookup(host, 'CNAME');
  if (isFault(alias)) return faultFinding(alias, `the alias ${host}`);
  const signed = alias.kind === 'answer' && alias.secure;
  return { names: signed ? [host] : [], reason: 'the host is an alias that is not signed' };
}

/** What the answer settles; undefined: nothing here, the next base domain may be asked. */
function readTlsa(answer: DnsAnswer<'TLSA'>, base: string): DaneFinding | undefined {
  if (isFault(answer)) return faultFinding(answer, `the TLSA records of ${base}`);
  if (isAbsent(answer)) return undefined;
  if (!answer.secure) return none('the TLSA records are not signed');
  const kept = answer.records.slice(0, MAX_RECORDS);
  const records = [...new Set(kept.map(tlsaText))].sort();
  const usable = kept.some(isUsable);
  const reason = usable ? 'secure TLSA records' : 'secure TLSA records, none of which SMTP can use';
  return { kind: 'found', dane: { state: 'secure', baseDomain: base, records, usable }, reason };
}

/**
 * RFC 7672 §3.1: usages DANE-TA(2) and DANE-EE(3) with a known selector and matching type, and data that can be
 * what they claim to be.
 */
function isUsable({ usage, selector, matchingType, data }: Tlsa): boolean {
  if (usage !== 2 && usage !== 3) return false;
  if (selector !== 0 && selector !== 1) return false;
  if (matchingType === 0) return data !== '';
  return DIGEST_BYTES.get(matchingType) === data.length / 2;
}

/** One record as policy-string holds it: four fields, single blanks, hex in capitals as in RFC 8460 §4.5. */
function tlsaText({ usage, selector, matchingType, data }: Tlsa): string {
  return `${usage} ${selector} ${matchingType} ${data.toUpperCase()}`;
}

function faultFinding(fault: DnsFault, what: string): DaneFinding {
  const reason = `${what}: ${fault.reason}`;
  if (fault.kind === 'bogus') return { kind: 'found', dane: { state: 'bogus' }, reason };
  return { kind: 'temporary', reason, answered: fault.answered };
}

function none(reason: string): DaneFinding {
  return { kind: 'found', dane: { state: 'none' }, reason };
}
