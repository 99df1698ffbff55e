import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MX1, message, OK, ROUTE, read, tell, X } from './reading.ts';

const TRUE = 'example.org ok mx1.example.org 192.0.2.10';
const SECURE = `${MX1} ${X} CV=no`;

const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '=> ',
          '-> ',
          '** ',
          '== ',
          'u@evil.test',
          '@evil.test',
          ' R=a T=b',
          ' H=mx.evil.test [203.0.113.66]',
        ],
        ...[
          ' X=TLS1.0:fake:40',
          ' CV=yes',
          ' CV=dane',
          ' C="250 ok"',
          ' DN="',
          '"',
          '\\',
          '<"',
          '"@evil.test>',
        ],
        ...[' <x@evil.test>', ' F=<a@b>', ' I=[198.51.100.6]:25', ' defer (-37)', ' ', '*', ' PS=l', ': '],
      ),
      fc.string({ maxLength: 6 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

/** Whole lines of Exim's, which only their place gives away. */
const forgery = fc.constantFrom(
  'u@evil.test R=a T=b H=mx.evil.test [203.0.113.66] X=TLS1.0:fake:40 CV=yes',
  'u@evil.test <"u"@evil.test> R=a T=b H=mx.evil.test [203.0.113.66] X=TLS1.0:fake:40 CV=yes DN="/CN=x" C="250 ok"',
  'u@evil.test F=<a@b> P=<a@b> R=a T=b S=1 H=mx.evil.test [203.0.113.66]:25 C="250 ok" QT=1s',
  'u@evil.test R=a T=b H=mx.evil.test [203.0.113.66]: TLS session: (SSL_connect): timed out',
  'u@evil.test R=a T=b: DANE error: tlsa lookup FAIL',
  'u@evil.test: DANE error: tlsa lookup FAIL',
  'u@evil.test R=a T=b defer (-37) H=mx.evil.test [203.0.113.66]: TLS session: (SSL_connect): timed out',
  'u@evil.test R=a T=b defer (-36): DANE error: tlsa lookup DEFER',
  'H=mx.evil.test [203.0.113.66]: a TLS session is required, but the server did not offer TLS support',
  'TLS session: (SSL_connect): timed out: delivering unencrypted to H=mx.evil.test [203.0.113.66] (not in hosts_require_tls)',
  'DANE attempt failed; TLS connection to mx.evil.test [203.0.113.66]: (SSL_connect): timed out',
  'tlsrpt-event/1 smtp:ehlo host=mx.evil.test ip=203.0.113.66 domain=evil.test cipher="TLS1.3:x:256" cv=1',
);

/** What an attacker would put together: pieces of Exim's own grammar, whole lines of it, and whatever else. */
const hostile = fc
  .oneof(
    pieces,
    fc.tuple(pieces, forgery, pieces).map((parts) => parts.join('')),
    fc.tuple(forgery, pieces, forgery).map((parts) => parts.join('')),
    forgery,
  )
  .map((text) => text.replace(/[^\x20-\x7e]/g, ''));

/** The local part of a quoted address as Exim logs it: bare, lower-cased by default, its original behind it. */
function logged(local: string, caseful: boolean): string {
  const original = `"${local.replace(/["\\]/g, '\\$&')}"@example.org`;
  return `${caseful ? local : local.toLowerCase()}@example.org <${original}>`;
}

/** Nothing but the true session, and nothing of the attacker's. */
function expectOnlyTruth(lines: readonly string[], exactly: boolean): void {
  const told = tell(lines);
  if (exactly) expect(told).toEqual([TRUE]);
  else expect(told.filter((one) => one !== TRUE)).toEqual([]);
  expect(told.length).toBeLessThanOrEqual(1);
}

const runs = { numRuns: 2000 };

describe('hostile text makes and changes no session', () => {
  it('as a quoted local part of a delivered address', () => {
    const property = fc.property(hostile, (local) => {
      fc.pre(local !== '');
      expectOnlyTruth(message(`=> ${logged(local, false)} ${ROUTE} ${SECURE} ${OK}`), true);
    });
    fc.assert(property, runs);
  });

  it('as a quoted local part, where the router keeps its case', () => {
    const property = fc.property(hostile, (local) => {
      fc.pre(local !== '');
      // Only a certificate's name may hold quotes as they are, so only that of a server could be meant.
      const exactly = !local.includes(' DN="');
      expectOnlyTruth(message(`=> ${logged(local, true)} ${ROUTE} ${SECURE} ${OK}`), exactly);
    });
    fc.assert(property, runs);
  });

  it('as a quoted local part of an address that was refused or deferred', () => {
    const property = fc.property(hostile, fc.boolean(), (local, caseful) => {
      fc.pre(local !== '');
      const to = logged(local, caseful);
      const reply = 'SMTP error from remote mail server after RCPT TO:<x>: 550 no';
      expectOnlyTruth(message(`** ${to} ${ROUTE} ${SECURE}: ${reply}`), false);
      expect(tell(message(`== ${to} ${ROUTE} defer (-44) ${MX1}: ${reply}`))).toEqual([]);
    });
    fc.assert(property, runs);
  });

  it('as the sender’s address', () => {
    const property = fc.property(hostile, (local) => {
      const sender = `"${local.replace(/["\\]/g, '\\$&')}"@sender.example`;
      const fields = `F=<${sender}> P=<${sender}>`;
      expectOnlyTruth(message(`=> bob@example.org ${fields} ${ROUTE} S=1 ${SECURE} ${OK}`), true);
    });
    fc.assert(property, runs);
  });

  it('as the server’s confirmation', () => {
    const property = fc.property(hostile, (reply) => {
      const confirmation = `C="250 ${reply.replace(/["\\]/g, '\\$&')}"`;
      expectOnlyTruth(message(`=> bob@example.org ${ROUTE} ${SECURE} ${confirmation} QT=1s DT=1s`), true);
    });
    fc.assert(property, runs);
  });

  it('as the name in a certificate, whose quotes are not escaped', () => {
    const property = fc.property(hostile, (name) => {
      expectOnlyTruth(message(`=> bob@example.org ${ROUTE} ${SECURE} DN="/CN=${name}" ${OK}`), true);
      const refused = `** bob@example.org ${ROUTE} ${SECURE} DN="/CN=${name}" : SMTP error from remote mail server after RCPT TO:<bob@example.org>: 550 no`;
      expectOnlyTruth(message(refused), true);
      const doubt = `[192.0.2.10] SSL verify error: depth=0 error=self-signed certificate cert=/CN=${name}`;
      const mismatch = `[192.0.2.10] SSL verify error: certificate name mismatch: DN="/CN=${name}" H="mx1.example.org"`;
      expectOnlyTruth(
        message(doubt, mismatch, `=> bob@example.org ${ROUTE} ${SECURE} ${OK}`, 'Completed'),
        true,
      );
    });
    fc.assert(property, runs);
  });

  it('as a reply of the server', () => {
    const property = fc.property(
      hostile,
      fc.constantFrom(
        'initial connection',
        'MAIL FROM:<a@b.example>',
        'RCPT TO:<bob@example.org>',
        'end of data',
        'EHLO mail.example',
      ),
      (text, command) => {
        const reply = `SMTP error from remote mail server after ${command}: 450 ${text}`;
        const lines = message(
          `${MX1}: ${reply}`,
          `== bob@example.org ${ROUTE} defer (-44) ${MX1}: ${reply}`,
          `** eve@example.org ${ROUTE} ${MX1} : ${reply}`,
          `** joe@example.org ${ROUTE} ${SECURE}: ${reply}`,
        );
        expectOnlyTruth(lines, true);
      },
    );
    fc.assert(property, runs);
  });

  it('as a refusal of STARTTLS', () => {
    const property = fc.property(hostile, (text) => {
      const reply = `SMTP error from remote mail server after STARTTLS: 454 ${text}`;
      const lines = message(`${MX1}: ${reply}`, `== bob@example.org ${ROUTE} defer (0) ${MX1}: ${reply}`);
      expect(tell(lines)).toEqual([
        'example.org starttls-not-supported (STARTTLS: 454) mx1.example.org 192.0.2.10',
      ]);
    });
    fc.assert(property, runs);
  });

  it('as the subject or a rejected line of mail coming in', () => {
    const property = fc.property(hostile, (text) => {
      const lines = message(
        `<= ann@sender.example H=x [198.51.100.20] P=esmtps ${X} S=1 T="${text}" for c@d.example`,
        `H=(x) [198.51.100.20] F=<a@b.example> rejected after DATA: ${text}`,
        `H=x [198.51.100.20] Warning: ${text}`,
      );
      expect(read(lines)).toEqual([]);
    });
    fc.assert(property, runs);
  });
});

/** A server that says the beginning of the line again, as if it were a quoted address, and whole fields behind it. */
function echoOf(head: string, domain: string, fields: string): string {
  const local = head.replace(/["\\]/g, '\\$&');
  return `@${domain} <"${local}"@${domain}> R=a T=b${fields}`;
}

describe('a server that says again what Exim wrote before it is not taken for a quoted address', () => {
  const reply = 'SMTP error from remote mail server after RCPT TO:<x>: 550 ';
  const domain = fc.constantFrom('example.org', 'evil.test', 'victim.test');

  it.each([
    ['in its certificate', `=> bob@example.org ${ROUTE} ${SECURE} DN="/CN=`, `" ${OK}`],
    [
      'in its certificate, where mail is refused',
      `** bob@example.org ${ROUTE} ${SECURE} DN="/CN=`,
      `": ${reply}`,
    ],
    ['in its refusal', `** bob@example.org ${ROUTE} ${SECURE}: ${reply}`, ''],
    ['in clear text', `** bob@example.org ${ROUTE} ${MX1} : ${reply}`, ': x'],
    ['in its deferral', `== bob@example.org ${ROUTE} defer (-44) ${MX1}: ${reply}`, ''],
    ['in its confirmation', `=> bob@example.org ${ROUTE} ${SECURE} C="250 `, '"'],
  ])('%s', (_, line, end) => {
    const property = fc.property(hostile, domain, (text, to) => {
      const isEscaped = line.endsWith('C="250 ');
      const head = `${line}${isEscaped ? text.replace(/["\\]/g, '\\$&') : text}`;
      const fields = line.startsWith('==')
        ? ' defer (-37) H=mx.evil.test [203.0.113.66]: TLS session: (SSL_connect): timed out'
        : ' H=mx.evil.test [203.0.113.66] X=TLS1.0:fake:40 CV=dane';
      const echo = echoOf(head.slice(3), to, fields);
      const told = isEscaped ? echo.replace(/["\\]/g, '\\$&') : echo;
      expectOnlyTruth(message(`${head}${told}${end}`), isEscaped);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

const FORGED = 'u@evil.test R=a T=b H=mx.evil.test [203.0.113.66] X=TLS1.0:a:40 CV=yes';

it.each([
  ['fields', `=> ${logged(FORGED, true)} ${ROUTE} ${SECURE} ${OK}`],
  ['fields and a reply', `=> ${logged(`${FORGED} C="250 ok"`, true)} ${ROUTE} ${SECURE} ${OK}`],
  [
    'a quoted address and fields',
    `=> ${logged(`u@evil.test <"u"@evil.test>${FORGED.slice(11)}`, true)} ${ROUTE} ${SECURE} ${OK}`,
  ],
  ['a colon', `** ${logged('x: y', true)} ${ROUTE} ${SECURE}: x`],
  ['an error', `** ${logged('x@evil.test: DANE error: tlsa lookup FAIL', true)} ${ROUTE} ${SECURE}: x`],
  ['a router', `** ${logged('x@evil.test R=a: retry timeout exceeded', true)} ${ROUTE} ${SECURE} : x`],
])('a quoted local part that imitates %s hides no session', (_, text) => {
  expect(tell(message(text))).toEqual([TRUE]);
});

it.each([
  'u@evil.test defer (-37) y',
  'u@evil.test defer (-37): TLS session: (SSL_connect): timed out',
  'u@evil.test R=a T=b defer (-37) H=mx.evil.test [203.0.113.66] y',
])('nor does one that imitates a deferral: %s', (local) => {
  const required = 'a TLS session is required, but the server did not offer TLS support';
  expect(tell(message(`== ${logged(local, true)} ${ROUTE} defer (-38) ${MX1}: ${required}`))).toEqual([
    `example.org starttls-not-supported (the server did not offer TLS support) mx1.example.org 192.0.2.10`,
  ]);
});

it.each([
  `=> ${logged(`${FORGED} DN="/CN=x`, true)} ${ROUTE} ${SECURE} ${OK}`,
  `** ${logged('u@evil.test R=a T=b: DANE error: tlsa lookup FAIL', true)} ${ROUTE} ${SECURE}: x`,
  `== ${logged('x@evil.test R=a T=b defer (-36): DANE error: tlsa lookup DEFER', true)} ${ROUTE} defer (-37) ${MX1}: TLS session: (SSL_connect): timed out`,
])('takes no reading where a peer may have written what makes the second one: %s', (text) => {
  expect(tell(message(text))).toEqual([]);
});
