import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MX0, MX1, message, OK, ROUTE, read, rules, tell, X } from './reading.ts';

const BOB = `bob@example.org ${ROUTE}`;
const DELIVERED = `=> ${BOB} ${MX1} ${X} CV=yes ${OK}`;
const OK1 = 'example.org ok mx1.example.org 192.0.2.10';

/** What a message's lines look like for one kind of failure, and the sessions they tell. */
interface Form {
  readonly name: string;
  readonly lines: readonly string[];
  readonly expected: readonly string[];
}

/** `failure-forms.txt`: a name behind `#`, the texts of Exim's lines, the sessions behind `!`; blocks by empty lines. */
const FORMS = readFileSync(new URL('./failure-forms.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n\n')
  .map((block): Form => {
    const [head = '', ...texts] = block.split('\n');
    return {
      name: head.replace(/^# /, ''),
      lines: texts.filter((text) => !text.startsWith('! ')),
      expected: texts.flatMap((text) => (text.startsWith('! ') ? [text.slice(2)] : [])),
    };
  });

describe('failures', () => {
  it.each(FORMS)('$name', ({ lines, expected }) => {
    expect(tell(message(...lines))).toEqual([...expected].sort());
    expect(rules(message(...lines))).not.toContain('unknown');
  });

  it('local faults are never reported, whatever follows', () => {
    const labels = [
      'SSL_CTX_set_cipher_list',
      'SSL_new',
      'RAND_status',
      'library init',
      'gnutls_priority_set_direct',
      'cert/key setup: cert=/a key=/b',
      'tlsa load',
      'cert-status-req',
    ];
    for (const label of labels) {
      const detail = `TLS session: (${label}): error:0A0000B9:SSL routines::no cipher match`;
      const fallback = message(
        `${detail}: delivering unencrypted to ${MX1} (not in hosts_require_tls)`,
        `=> ${BOB} ${MX1} ${OK}`,
      );
      expect(tell(fallback)).toEqual([]);
      expect(
        tell(
          message(
            `== ${BOB} defer (-37) ${MX1}: ${detail}`,
            `== eve@example.org ${ROUTE} defer (-37) ${MX1}: ${detail}`,
          ),
        ),
      ).toEqual([]);
      expect(
        tell(
          message(
            `DANE attempt failed; TLS connection to mx1.example.org [192.0.2.10]: ${detail.slice(13)}`,
            `== ${BOB} defer (-37) ${MX1}: ${detail}`,
          ),
        ),
      ).toEqual([]);
    }
  });

  it('binds by address, not by order, when transports run in parallel', () => {
    const other = 'H=mx.example.net [203.0.113.5]';
    const lines = message(
      `TLS session: (SSL_connect): timed out: delivering unencrypted to ${other} (not in hosts_require_tls)`,
      `DANE attempt failed; TLS connection to mx0.example.org [192.0.2.9]: (SSL_connect): timed out`,
      DELIVERED,
      `=> eve@example.net ${ROUTE} ${other} ${OK}`,
      'Completed',
    );
    expect(tell(lines)).toEqual([
      'example.net validation-failure (SSL_connect: timed out) mx.example.net 203.0.113.5',
      OK1,
      'example.org validation-failure (SSL_connect: timed out) mx0.example.org 192.0.2.9 tlsa',
    ]);
  });

  it('counts two failed sessions of parallel transports with the same host', () => {
    const fallback = `TLS session: (SSL_connect): timed out: delivering unencrypted to ${MX1} (not in hosts_require_tls)`;
    const lines = message(
      fallback,
      fallback,
      `=> ${BOB} ${MX1} ${OK}`,
      `=> eve@example.net ${ROUTE} ${MX1} ${OK}`,
      'Completed',
    );
    expect(tell(lines)).toEqual([
      'example.net validation-failure (SSL_connect: timed out) mx1.example.org 192.0.2.10',
      'example.org validation-failure (SSL_connect: timed out) mx1.example.org 192.0.2.10',
    ]);
  });

  it('binds a fallback to its own delivery in clear text, not to TLS with the same host', () => {
    const lines = message(
      `TLS session: (SSL_connect): timed out: delivering unencrypted to ${MX1} (not in hosts_require_tls)`,
      `=> ned@example.net ${ROUTE} ${MX1} ${X} CV=no ${OK}`,
      `=> ${BOB} ${MX1} ${OK}`,
      'Completed',
    );
    expect(tell(lines)).toEqual([
      'example.net ok mx1.example.org 192.0.2.10',
      'example.org validation-failure (SSL_connect: timed out) mx1.example.org 192.0.2.10',
    ]);
  });

  it.each([
    ['==', 'defer (-44) H', '450 later'],
    ['**', 'H', '550 no'],
  ])(
    'counts a second session that fails within the same second, once %s closed the first',
    (flag, h, reply) => {
      const fallback = `TLS session: (SSL_connect): timed out: delivering unencrypted to ${MX1} (not in hosts_require_tls)`;
      const line = (to: string) =>
        `${flag} ${to} ${ROUTE} ${MX1.replace('H', h)}: SMTP error from remote mail server after RCPT TO:<${to}>: ${reply}`;
      const lines = message(
        fallback,
        line('bob@example.org'),
        fallback,
        line('eve@example.org'),
        'Completed',
      );
      const failed = 'example.org validation-failure (SSL_connect: timed out) mx1.example.org 192.0.2.10';
      expect(tell(lines)).toEqual([failed, failed]);
    },
  );

  it('leaves the policy open where DANE may be why TLS was required', () => {
    const required = 'a TLS session is required, but the server did not offer TLS support';
    const failed = [`${MX1}: ${required}`, `== ${BOB} defer (-38) ${MX1}: ${required}`];
    expect(read(message(...failed))[0]?.policyTypeHint).toBe('no-policy-found');
    const fallback = `TLS session: (SSL_connect): timed out: delivering unencrypted to ${MX0} (not in hosts_require_tls)`;
    expect(read(message(fallback, `=> ${BOB} ${MX0} ${OK}`, ...failed))[1]?.policyTypeHint).toBeUndefined();
  });
});
