import { describe, expect, it } from 'vitest';
import { defer, delivered, hello, inside } from './event-lines.ts';
import { message, OK, ROUTE, tell, X } from './reading.ts';

const RELAY = 'H=mx.isp.example [198.51.100.25]';
const OPTIONS = { relayhosts: ['isp.example'] };
const TIMED_OUT = 'TLS session: (SSL_connect): timed out';
const REQUIRED = 'a TLS session is required, but the server did not offer TLS support';
const OF_RELAY = { host: 'mx.isp.example', ip: '198.51.100.25' };
const told = (verdict: string) => `isp.example ${verdict} mx.isp.example 198.51.100.25`;
const NOT_OFFERED = told('starttls-not-supported (the server did not offer TLS support)');

const bob = `bob@example.org ${ROUTE}`;
const ned = `ned@example.net ${ROUTE}`;
const literal = `bob@[192.0.2.77] ${ROUTE}`;

describe('a session with a smart host is one, whichever domains its mail is for', () => {
  it.each([
    ['over TLS', [`=> ${bob} ${RELAY} ${X} ${OK}`, `-> ${ned} ${RELAY} ${X} ${OK}`], told('ok')],
    [
      'that failed and went on in clear text',
      [
        `${TIMED_OUT}: delivering unencrypted to ${RELAY} (not in hosts_require_tls)`,
        `=> ${bob} ${RELAY} ${OK}`,
        `-> ${ned} ${RELAY} ${OK}`,
      ],
      told('validation-failure (SSL_connect: timed out)'),
    ],
    [
      'that was required and not offered',
      [
        `${RELAY}: ${REQUIRED}`,
        `== ${bob} defer (-38) ${RELAY}: ${REQUIRED}`,
        `== ${ned} defer (-38) ${RELAY}: ${REQUIRED}`,
      ],
      NOT_OFFERED,
    ],
    [
      'whose TLSA look-up failed',
      [
        `${RELAY}: DANE error: tlsa lookup DEFER`,
        `== ${bob} defer (-36): DANE error: tlsa lookup DEFER`,
        `== ${ned} defer (-36): DANE error: tlsa lookup DEFER`,
      ],
      `${told('dnssec-invalid (tlsa lookup DEFER)')} tlsa`,
    ],
    [
      'in clear text',
      [`=> ${bob} ${RELAY} ${OK}`, `-> ${ned} ${RELAY} ${OK}`],
      told('starttls-not-supported (inferred: delivered without TLS)'),
    ],
    ['by cutthrough', [`>> ${bob} ${RELAY} ${OK}`, `>> ${ned} ${RELAY} ${X} ${OK}`, 'Completed'], told('ok')],
    [
      'told by the snippet',
      [
        hello({ ...OF_RELAY, domain: '""' }),
        inside({ ...OF_RELAY, domain: '""' }),
        delivered('bob@example.org', RELAY),
        delivered('ned@example.net', RELAY).replace('=>', '->'),
        'Completed',
      ],
      told('ok'),
    ],
    [
      'that the snippet tells has failed',
      [
        hello({ ...OF_RELAY, domain: '""' }),
        defer(TIMED_OUT, { ...OF_RELAY, domain: '""' }),
        `== ${bob} defer (-37) ${RELAY}: ${TIMED_OUT}`,
        `== ${ned} defer (-37) ${RELAY}: ${TIMED_OUT}`,
        'Completed',
      ],
      told('validation-failure (SSL_connect: timed out)'),
    ],
  ])('%s', (_, lines, session) => {
    expect(tell(message(...lines), OPTIONS)).toEqual([session]);
  });

  it('and two sessions are two', () => {
    const lines = message(`=> ${bob} ${RELAY} ${X} ${OK}`, `=> ${ned} ${RELAY} ${X} ${OK}`, 'Completed');
    expect(tell(lines, OPTIONS)).toEqual([told('ok'), told('ok')]);
  });
});

describe('a recipient without a domain of its own has a smart host’s', () => {
  it.each([
    ['over TLS', [`=> ${literal} ${RELAY} ${X} ${OK}`], told('ok')],
    ['by cutthrough', [`>> ${literal} ${RELAY} ${X} ${OK}`, 'Completed'], told('ok')],
    ['deferred', [`== ${literal} defer (-38) ${RELAY}: ${REQUIRED}`], NOT_OFFERED],
  ])('%s', (_, lines, session) => {
    expect(tell(message(...lines), OPTIONS)).toEqual([session]);
  });

  it('and none where its own host takes the mail', () => {
    expect(tell(message(`=> ${literal} H=[192.0.2.77] [192.0.2.77] ${X} ${OK}`), OPTIONS)).toEqual([]);
  });
});
