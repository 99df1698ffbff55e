import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Session } from '../../../src/parser.ts';
import { delivery, established, sessionsOf, smtp, tlsproxy } from './log-lines.ts';

/** What a server always does; processes share the servers of a domain. */
const ways = ['good', 'broken', 'expired', 'untrusted', 'not-offered', 'dead'] as const;
type Way = (typeof ways)[number];

const FAILURES: Readonly<Record<Way, string | undefined>> = {
  good: 'success',
  broken: 'validation-failure',
  expired: 'certificate-expired',
  untrusted: 'validation-failure',
  'not-offered': 'starttls-not-supported',
  dead: undefined,
};

const worldArbitrary = fc.record({
  native: fc.boolean(),
  domains: fc.array(fc.array(fc.constantFrom(...ways), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  }),
  /** Of each process the requests: which domain, and how long it was idle before. */
  processes: fc.array(
    fc.array(fc.record({ domain: fc.nat(2), idle: fc.integer({ min: 1, max: 9 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

type Line = { second: number; text: string };

/** One delivery of a process that must have TLS: the lines it and tlsproxy write, and what truly happened. */
function request(
  way: readonly Way[],
  domain: number,
  start: number,
  pid: number,
  id: string,
  native: boolean,
) {
  const lines: Line[] = [];
  const truth: string[] = [];
  const name = `d${domain}.example`;
  let second = start;
  let end = { relay: 'none', reason: '' };
  for (const [index, one] of way.entries()) {
    const address = `192.0.2.${domain * 10 + index + 1}`;
    const mx = `mx${index}.${name}[${address}]`;
    const log = (text: string) => lines.push({ second, text: smtp(text, { pid, second }) });
    const proxy = (text: string) => lines.push({ second, text: tlsproxy(text, second) });
    const word = (to: typeof log, failure: string) =>
      native && to(`TLSRPT: status=failure, domain=${name}, receiving_mx=${mx}, failure_type=${failure}`);
    // To give up a dead server takes a while, in which other processes meet what this one has met.
    second += one === 'dead' ? 4 : index;
    const type = FAILURES[one];
    if (type !== undefined) truth.push(`${name} ${type} ${address};`);
    let reason = '';
    if (one === 'dead') {
      reason = `connect to ${mx}:25: Connection refused`;
    } else if (one === 'not-offered') {
      word(log, 'starttls_not_supported');
      reason = `TLS is required, but was not offered by host ${mx}`;
    } else if (one === 'broken') {
      word(proxy, 'validation_failure, failure_reason=tls-handshake-failure');
      proxy(`TLS handshake failed for service=smtp peer=${mx.slice(mx.indexOf('['))}:25`);
      reason = 'Cannot start TLS: handshake failure';
    } else {
      if (one === 'expired')
        proxy(`server certificate verification failed for ${mx}:25: certificate has expired`);
      if (one === 'untrusted')
        proxy(`certificate verification failed for ${mx}:25: untrusted issuer /CN=Example CA`);
      if (one === 'expired') word(proxy, 'certificate_expired');
      if (one === 'untrusted')
        word(proxy, 'validation_failure, failure_reason=unable_to_get_local_issuer_certificate');
      log(established(`${mx}:25`, one === 'good' ? 'Verified' : 'Untrusted'));
      if (one !== 'good') reason = 'Server certificate not verified';
      else if (native) log(`TLSRPT: status=success, domain=${name}, receiving_mx=${mx}`);
    }
    end = { relay: one === 'dead' ? 'none' : `${mx}:25`, reason };
    if (one === 'good') break;
    if (one === 'dead') log(reason);
    else if (index < way.length - 1) log(`${id}: ${reason}`);
  }
  second += 1;
  const { relay, reason } = end;
  const parts = { id, to: `u@${name}`, relay, ...(reason !== '' && { reason }) };
  lines.push({ second, text: smtp(delivery(parts), { pid, second }) });
  return { lines, truth, second };
}

/** Takes from the truth what was told; an address that no line could tell is taken for any. Returns what is wrong. */
function compare(truth: readonly string[], told: readonly Session[]): string[] {
  const rest = [...truth];
  const words = told.map(({ recipientDomain, resultType, outcome, receivingIp }) =>
    [recipientDomain, resultType ?? outcome, receivingIp === undefined ? '' : `${receivingIp};`].join(' '),
  );
  const wrong = words
    .sort((a, b) => b.length - a.length)
    .filter((word) => {
      const at = rest.findIndex((one) => one.startsWith(word));
      if (at >= 0) rest.splice(at, 1);
      return at < 0;
    });
  return [...rest.map((word) => `not told: ${word}`), ...wrong.map((word) => `not true: ${word}`)];
}

it('however processes share tlsproxy and servers, each connection is told once, and with its own server', () => {
  const property = fc.property(worldArbitrary, ({ native, domains, processes }) => {
    const lines: Line[] = [];
    const truth: string[] = [];
    processes.forEach((requests, at) => {
      let second = 0;
      requests.forEach(({ domain, idle }, n) => {
        const which = domain % domains.length;
        const id = (0xa00000 + at * 64 + n).toString(16).toUpperCase();
        const made = request(domains[which] ?? [], which, second + idle, 4000 + at, id, native);
        lines.push(...made.lines);
        truth.push(...made.truth);
        second = made.second;
      });
    });
    lines.sort((a, b) => a.second - b.second);
    expect(compare(truth, sessionsOf(lines.map(({ text }) => text)))).toEqual([]);
  });
  fc.assert(property, { numRuns: 400 });
});
