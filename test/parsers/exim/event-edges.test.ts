import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { close, defer, delivered, event, HOST0, hello, inside } from './event-lines.ts';
import { MX0, MX1, message, OK, ROUTE, rules, tell, X } from './reading.ts';

const CIPHER = 'TLS1.3:TLS_AES_256_GCM_SHA384:256';
const OK1 = 'example.org ok mx1.example.org 192.0.2.10';

it('OpenSSL’s certificate lines give the reason', () => {
  const doubt = '[192.0.2.10] SSL verify error: depth=0 error=certificate has expired cert=/CN=x';
  const lines = message(
    hello(),
    doubt,
    close(),
    defer('TLS session: (SSL_connect): error:0A000086:SSL routines::certificate verify failed'),
  );
  expect(tell(lines)).toEqual([
    'example.org certificate-expired (certificate has expired) mx1.example.org 192.0.2.10',
  ]);
  expect(tell(message(hello(), doubt, inside(), close(), delivered('bob@example.org'), 'Completed'))).toEqual(
    [OK1],
  );
});

it('a server that leaves at the EHLO inside TLS had its session', () => {
  const lines = message(
    hello(),
    close({ cipher: `"${CIPHER}"` }),
    defer('Remote host closed connection in response to EHLO mail.example', {
      errno: '-18',
      cipher: `"${CIPHER}"`,
    }),
  );
  expect(tell(lines)).toEqual([OK1]);
});

it('DANE without STARTTLS is a failure of DANE', () => {
  const text = 'a TLS session is required, but the server did not offer TLS support';
  const lines = message(
    hello({ starttls: 'no' }),
    event('dane:fail', { text: 'starttls-not-supported' }),
    close(),
    `${MX1}: ${text}`,
    defer(text, { errno: '-38' }),
    `== bob@example.org ${ROUTE} defer (-38) ${MX1}: ${text}`,
  );
  expect(tell(lines)).toEqual([
    `example.org starttls-not-supported (the server did not offer TLS support) mx1.example.org 192.0.2.10 tlsa`,
  ]);
});

it('DANE that is required and cannot be had names its host by the event', () => {
  const lines = message(
    event('dane:fail', { text: 'dane-required', port: '-1', from: '""' }),
    `** bob@example.org ${ROUTE}: DANE error: tlsa lookup FAIL`,
    'Completed',
  );
  expect(tell(lines)).toEqual([
    'example.org dane-required (tlsa lookup FAIL) mx1.example.org 192.0.2.10 tlsa',
  ]);
});

it('a second queue run is told anew', () => {
  const text = 'TLS session: (SSL_connect): timed out';
  const run = (port: string) => [
    hello({ port }),
    close({ port }),
    defer(text, { port }),
    `== bob@example.org ${ROUTE} defer (-37) ${MX1}: ${text}`,
  ];
  expect(tell(message(...run('4711'), ...run('4712')))).toHaveLength(2);
});

it('local faults, refused connections and hosts left out are nothing', () => {
  expect(
    tell(
      message(
        hello(),
        close(),
        defer('TLS session: (SSL_CTX_new): error'),
        `== bob@example.org ${ROUTE} defer (-37) ${MX1}: TLS session: (SSL_CTX_new): error`,
      ),
    ),
  ).toEqual([]);
  expect(
    tell(
      message(
        defer('Connection refused', { errno: '111' }),
        `== bob@example.org ${ROUTE} defer (111): Connection refused`,
      ),
    ),
  ).toEqual([]);
  const all = message(hello(), inside(), close(), delivered('bob@example.org'), 'Completed');
  expect(tell(all, { excludeHosts: ['mx1.example.org'] })).toEqual([]);
  expect(tell(all, { excludeTransports: ['remote_smtp'] })).toEqual([]);
});

it('continued connections, and ends without a beginning, are nothing', () => {
  expect(tell(message(close(), `=> bob@example.org ${ROUTE} ${MX1}* ${X} CV=no ${OK}`, 'Completed'))).toEqual(
    [],
  );
});

it('a transport without the snippet is read from its plain lines', () => {
  const lines = message(
    hello(HOST0),
    inside(HOST0),
    close(HOST0),
    delivered('bob@example.org', MX0),
    delivered('eve@example.net'),
    'Completed',
  );
  expect(tell(lines)).toEqual([
    'example.net ok mx1.example.org 192.0.2.10',
    'example.org ok mx0.example.org 192.0.2.9',
  ]);
});

it.each([
  event('smtp:ehlo').slice(0, -1),
  event('smtp:ehlo', { ip: '1.2.3' }),
  event('msg:delivery'),
  event('smtp:ehlo').replace('/1', '/2'),
  `${event('smtp:ehlo')} => bob@example.org`,
])('is no line of the snippet: %s', (line) => {
  expect(tell(message(line, 'Completed'))).toEqual([]);
  expect(['unknown', 'other']).toContain(rules(message(line))[0]);
});

it('the README shows the snippet as its file has it', () => {
  const text = (name: string) =>
    readFileSync(new URL(`../../../parsers/exim/${name}`, import.meta.url), 'utf8');
  expect(text('README.md')).toContain(`\`\`\`\n${text('event-action.conf')}\`\`\`\n`);
});

it('before 4.93, without EHLO events, failures come from events and successes from plain lines', () => {
  const text = 'TLS session: (SSL_connect): timed out';
  const failed = [defer(text, HOST0), defer(text), `== bob@example.org ${ROUTE} defer (-37) ${MX1}: ${text}`];
  const lines = message(...failed, `+60 ${delivered('bob@example.org')}`, 'Completed');
  expect(tell(lines)).toEqual([
    OK1,
    'example.org validation-failure (SSL_connect: timed out) mx0.example.org 192.0.2.9',
    'example.org validation-failure (SSL_connect: timed out) mx1.example.org 192.0.2.10',
  ]);
});
