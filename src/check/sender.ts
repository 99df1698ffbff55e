import { type DnsAnswer, isAbsent, type Resolver } from '../policy/dns.ts';
import { findMx } from '../policy/mx.ts';
import { readRecords, recordName } from '../policy/tlsrpt-record.ts';
import { submitterOf } from '../report/names.ts';
import type { Check } from './deps.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** What receivers look up of the domain that sends the reports: MX, SPF, DMARC and its own `_smtp._tls`. */
export const checkSender: Check = async ({ config, resolver }) => {
  const domain = submitterOf(config.contact);
  const found = await Promise.all([
    mxFinding(resolver, domain),
    spfFinding(resolver, domain),
    dmarcFinding(resolver, domain),
    ownRecordFinding(resolver, domain),
  ]);
  return found;
};

async function mxFinding(resolver: Resolver, domain: string): Promise<Finding> {
  const mx = await findMx(resolver, domain);
  if (mx.kind === 'temporary') return unknown('contact-unknown', `the MX records of ${domain}`, mx.reason);
  if (mx.state === 'found' || mx.state === 'implicit')
    return ok('contact-mx', `${domain} takes mail: receivers can answer`);
  return fail(
    'contact-no-mx',
    `${domain} takes no mail (${mx.state}): nobody can answer reports, and many refuse such senders`,
    'set contact to an address that receives mail',
  );
}

async function spfFinding(resolver: Resolver, domain: string): Promise<Finding> {
  const answer = await resolver.lookup(domain, 'TXT');
  if (answer.kind === 'bogus' || answer.kind === 'temporary')
    return unknown('spf-unknown', `the SPF record of ${domain}`, answer.reason);
  const records = textsOf(answer).filter((text) => /^v=spf1(?: |$)/i.test(text));
  const [record] = records;
  if (record === undefined)
    return warn(
      'spf-missing',
      `${domain} has no SPF record`,
      'publish one that names the hosts your mail leaves from: "v=spf1 mx -all"',
    );
  if (records.length > 1)
    return fail(
      'spf-many',
      `${domain} has ${records.length} SPF records`,
      'leave one: with more, SPF fails for all mail (RFC 7208 §4.5)',
    );
  if (/^v=spf1\s+-all\s*$/i.test(record))
    return fail(
      'spf-nobody',
      `${domain} says that it sends no mail: ${record}`,
      'name the hosts your reports leave from, or set contact to another domain',
    );
  return ok('spf', `${domain} has an SPF record`);
}

/** Where DMARC stands: at the domain, else at a domain above it (the tree walk of DMARCbis). */
async function dmarcFinding(resolver: Resolver, domain: string): Promise<Finding> {
  const labels = domain.split('.');
  for (let i = 0; i < labels.length - 1; i++) {
    const place = labels.slice(i).join('.');
    const answer = await resolver.lookup(`_dmarc.${place}`, 'TXT');
    if (answer.kind === 'bogus' || answer.kind === 'temporary')
      return unknown('dmarc-unknown', `the DMARC record of ${place}`, answer.reason);
    const record = textsOf(answer).find((text) => /^v=DMARC1\s*(?:;|$)/.test(text));
    if (record === undefined) continue;
    const policy = /;\s*p=(\w+)/.exec(record)?.[1] ?? 'none';
    return ok('dmarc', `${place} has a DMARC record (p=${policy}); the signature of ${domain} satisfies it`);
  }
  return warn(
    'dmarc-missing',
    `${domain} has no DMARC record: some receivers think less of its mail`,
    `publish one at _dmarc.${domain}: "v=DMARC1; p=none"`,
  );
}

/** Whether the admin's own domain asks for what this program gives to others. */
async function ownRecordFinding(resolver: Resolver, domain: string): Promise<Finding> {
  const name = recordName(domain);
  const answer = await resolver.lookup(name, 'TXT');
  if (answer.kind === 'bogus' || answer.kind === 'temporary')
    return unknown('own-tlsrpt-unknown', name, answer.reason);
  const reading = isAbsent(answer) ? { kind: 'none' as const } : readRecords(textsOf(answer));
  if (reading.kind === 'none')
    return warn(
      'own-tlsrpt-missing',
      `${domain} itself asks for no reports: you will not hear of senders who cannot reach it over TLS`,
      `publish at ${name}: "v=TLSRPTv1; rua=mailto:tls-reports@${domain}"`,
    );
  if (reading.kind === 'malformed')
    return fail('own-tlsrpt-malformed', `the record at ${name} cannot be used: ${reading.reason}`, 'mend it');
  if (reading.warnings.length + reading.skipped.length > 0)
    return warn(
      'own-tlsrpt-sloppy',
      `the record at ${name} has faults that not every sender forgives: ${[...reading.warnings, ...reading.skipped.map(({ uri, reason }) => `${uri}: ${reason}`)].join('; ')}`,
      'write it as RFC 8460 §3 has it: v=TLSRPTv1; rua=mailto:…',
    );
  return ok('own-tlsrpt', `${domain} itself asks for reports: ${reading.rua.join(', ')}`);
}

function textsOf(answer: DnsAnswer<'TXT'>): readonly string[] {
  return answer.kind === 'answer' ? answer.records : [];
}

function unknown(id: string, what: string, reason: string): Finding {
  return warn(id, `${what} could not be looked up: ${reason}`, 'see to the resolver, then check again');
}
