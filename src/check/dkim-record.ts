import { createPublicKey, type KeyObject } from 'node:crypto';
import type { DkimKey } from '../delivery/dkim.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Below this, receivers may refuse an RSA key in time (RFC 8301 §3.2: signers should use 2048). */
const GOOD_RSA_BITS = 2048;

/** The tags of a DKIM key record (RFC 6376 §3.6.1); undefined where it is no tag list. */
function tagsOf(text: string): Map<string, string> | undefined {
  const tags = new Map<string, string>();
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const match = /^\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*([\s\S]*?)\s*$/.exec(part);
    if (match?.[1] === undefined || tags.has(match[1])) return undefined;
    tags.set(match[1], match[2] ?? '');
  }
  return tags;
}

/**
 * Whether the TXT strings at `selector._domainkey.domain` vouch for signatures by a private key, on reports too
 * (RFC 6376 §3.6.1, RFC 8460 §3: `s=` must hold `tlsrpt` or `*`).
 */
export function judgeDkimRecord(texts: readonly string[], key: DkimKey): Finding[] {
  const name = `${key.selector}._domainkey.${key.domain}`;
  if (texts.length > 1) {
    return [
      fail(
        'dkim-record-many',
        `${name} has ${texts.length} TXT records`,
        'leave one: with more, none counts',
      ),
    ];
  }
  const tags = tagsOf(texts[0] ?? '');
  const version = tags?.get('v') ?? 'DKIM1';
  if (tags === undefined || version !== 'DKIM1' || !tags.has('p')) {
    return [fail('dkim-record-malformed', `the TXT record at ${name} is no DKIM key`, recordHelp(key))];
  }
  if (tags.get('p') === '') {
    return [
      fail(
        'dkim-record-revoked',
        `the key at ${name} is revoked (p= is empty)`,
        'publish the key that signs',
      ),
    ];
  }
  const findings = [...keyFindings(tags, key, name), ...useFindings(tags, name)];
  return findings.some(({ severity }) => severity === 'fail')
    ? findings
    : [ok('dkim-record', `${name} vouches for the signing key, and for reports`), ...findings];
}

function keyFindings(tags: ReadonlyMap<string, string>, key: DkimKey, name: string): Finding[] {
  const published = (tags.get('p') ?? '').replace(/\s+/g, '');
  if (published !== publicPart(key)) {
    return [
      fail(
        'dkim-record-other-key',
        `${name} publishes another key than the one that signs`,
        `${recordHelp(key)}; or name the selector of the key that signs`,
      ),
    ];
  }
  const bits = key.key.asymmetricKeyDetails?.modulusLength;
  if (bits === undefined || bits >= GOOD_RSA_BITS) return [];
  return [
    warn(
      'dkim-key-short',
      `the DKIM key has ${bits} bits`,
      'make one of 2048: openssl genrsa -out dkim.pem 2048',
    ),
  ];
}

function useFindings(tags: ReadonlyMap<string, string>, name: string): Finding[] {
  const findings: Finding[] = [];
  const services = listOf(tags.get('s') ?? '*');
  if (!services.some((service) => service === '*' || service === 'tlsrpt')) {
    findings.push(
      fail(
        'dkim-record-service',
        `${name} does not allow reports: s=${services.join(':')}`,
        'publish s=* (or leave s= out), or add tlsrpt: s=email:tlsrpt (RFC 8460 §3)',
      ),
    );
  }
  const hashes = listOf(tags.get('h') ?? 'sha256');
  if (!hashes.includes('sha256'))
    findings.push(
      fail(
        'dkim-record-hash',
        `${name} does not allow SHA-256: h=${hashes.join(':')}`,
        'leave h= out, or add sha256',
      ),
    );
  if (listOf(tags.get('t') ?? '').includes('y'))
    findings.push(
      warn(
        'dkim-record-testing',
        `${name} says t=y: receivers may treat reports as unsigned`,
        'take t=y out of the record',
      ),
    );
  return findings;
}

function listOf(text: string): string[] {
  return text
    .split(':')
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== '');
}

/** What p= must hold: the SubjectPublicKeyInfo for RSA, the 32 bare bytes for Ed25519 (RFC 8463 §4). */
function publicPart({ key, algorithm }: DkimKey): string {
  const der = publicDer(key);
  return (algorithm === 'rsa-sha256' ? der : der.subarray(-32)).toString('base64');
}

function publicDer(key: KeyObject): Buffer {
  return createPublicKey(key.export({ type: 'pkcs8', format: 'pem' })).export({
    type: 'spki',
    format: 'der',
  });
}

/** The record to publish. */
export function recordHelp(key: DkimKey): string {
  const kind = key.algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519';
  return `publish at ${key.selector}._domainkey.${key.domain}: "v=DKIM1; k=${kind}; p=${publicPart(key)}"`;
}
