import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MX0, MX1, message, OK, ROUTE, read, rules, tell, X } from './reading.ts';

const CIPHER = 'TLS1.3:TLS_AES_256_GCM_SHA384:256';
const OK1 = 'example.org ok mx1.example.org 192.0.2.10';

/** A line of the snippet, as Exim writes it, with these fields changed. */
function event(name: string, changed: Readonly<Record<string, string>> = {}): string {
  const fields = {
    host: 'mx1.example.org',
    ip: '192.0.2.10',
    from: '198.51.100.7',
    port: '4711',
    domain: 'example.org',
    transport: 'remote_smtp',
    starttls: 'no',
    cipher: '""',
    cv: '0',
    dane: 'no',
    resumed: '0',
    errno: '0',
    text: '""',
    ...changed,
  };
  const texts = Object.entries(fields).map(([field, value]) => `${field}=${value}`);
  return `tlsrpt-event/1 ${name} ${texts.join(' ')}`;
}

type Fields = Readonly<Record<string, string>>;
const hello = (fields: Fields = {}) => event('smtp:ehlo', { starttls: 'yes', ...fields });
const inside = (fields: Fields = {}) => event('smtp:ehlo', { cipher: `"${CIPHER}"`, cv: '1', ...fields });
const close = (fields: Fields = {}) => event('tcp:close', fields);
const defer = (text: string, fields: Fields = {}) =>
  event('msg:host:defer', { errno: '-37', text: `"${text}"`, ...fields });
const HOST0: Fields = { host: 'mx0.example.org', ip: '192.0.2.9', port: '4710' };
const delivered = (to: string, host = MX1, fields = `${X} CV=yes`) =>
  `=> ${to} ${ROUTE} ${host} ${fields} ${OK}`;

it('a delivery over TLS is told once, by its event', () => {
  const lines = message(
    hello(),
    inside({ resumed: '22' }),
    close({ cipher: `"${CIPHER}"` }),
    delivered('bob@example.org'),
    'Completed',
  );
  expect(tell(lines)).toEqual([OK1]);
  expect(read(lines)[0]).toMatchObject({
    sendingMtaIp: '198.51.100.7',
    peerTrust: 'trusted',
    tlsVersion: 'TLSv1.3',
    resumed: true,
  });
});

it('mail that was deferred shows its session', () => {
  const lines = message(
    hello(),
    inside({ dane: 'yes' }),
    close(),
    `== bob@example.org ${ROUTE} defer (-44) ${MX1}: SMTP error from remote mail server after RCPT TO:<bob@example.org>: 450 x`,
  );
  expect(tell(lines)).toEqual([`${OK1} tlsa`]);
});

it('the failure of an earlier host is told, and the later one', () => {
  const lines = message(
    hello(HOST0),
    close(HOST0),
    defer('TLS session: (SSL_connect): timed out', HOST0),
    hello(),
    inside(),
    close(),
    delivered('bob@example.org'),
    'Completed',
  );
  expect(tell(lines)).toEqual([
    OK1,
    'example.org validation-failure (SSL_connect: timed out) mx0.example.org 192.0.2.9',
  ]);
});

it('the clear connection after a failure is no second session', () => {
  const text = 'TLS session: (gnutls_handshake): timed out';
  const lines = message(
    hello(),
    close(),
    defer(text),
    `${text}: delivering unencrypted to ${MX1} (not in hosts_require_tls)`,
    hello({ port: '4712', transport: '""' }),
    close({ port: '4712' }),
    delivered('bob@example.org', MX1, ''),
    'Completed',
  );
  expect(tell(lines)).toEqual([
    'example.org validation-failure (gnutls_handshake: timed out) mx1.example.org 192.0.2.10',
  ]);
});

it('STARTTLS not offered and STARTTLS refused are told apart', () => {
  const lines = (starttls: string) =>
    message(hello({ starttls }), close(), delivered('bob@example.org', MX1, ''), 'Completed');
  expect(tell(lines('no'))).toEqual([
    'example.org starttls-not-supported (the server did not offer TLS support) mx1.example.org 192.0.2.10',
  ]);
  expect(tell(lines('yes'))).toEqual([
    'example.org starttls-not-supported (STARTTLS refused) mx1.example.org 192.0.2.10',
  ]);
  expect(read(lines('yes'), { inferPlaintext: false })[0]?.basis).toBe('tls-line');
});

it('a clear connection that ended in a deferral is told when the next host takes the mail', () => {
  const lines = message(
    hello(HOST0),
    close(HOST0),
    `${MX0}: SMTP error from remote mail server after MAIL FROM:<a@b.example>: 451 x`,
    defer('SMTP error from remote mail server after MAIL FROM:<a@b.example>: 451 x', {
      ...HOST0,
      errno: '-45',
    }),
    hello(),
    inside(),
    delivered('bob@example.org'),
    'Completed',
  );
  expect(tell(lines)).toEqual([
    OK1,
    'example.org starttls-not-supported (STARTTLS refused) mx0.example.org 192.0.2.9',
  ]);
});

it('one connection for several domains gets them from the delivery lines', () => {
  const many = { domain: '""' };
  const lines = message(
    hello(many),
    inside(many),
    close(many),
    delivered('bob@example.org'),
    `-> eve@example.net ${ROUTE} ${MX1} ${X} CV=yes ${OK}`,
    'Completed',
  );
  expect(tell(lines)).toEqual(['example.net ok mx1.example.org 192.0.2.10', OK1]);
});

it('two parallel connections to one host are two sessions', () => {
  const second = { port: '4712', domain: 'example.net' };
  const lines = message(
    hello(),
    hello(second),
    inside(),
    inside(second),
    delivered('bob@example.org'),
    close(),
    close(second),
    delivered('eve@example.net'),
    'Completed',
  );
  expect(tell(lines)).toEqual(['example.net ok mx1.example.org 192.0.2.10', OK1]);
});

it('a connection in the middle of its handshake is not ended by another one’s delivery', () => {
  const second = { port: '4712', domain: 'example.net' };
  const lines = message(
    hello(),
    inside(),
    hello(second),
    close(),
    delivered('bob@example.org'),
    inside(second),
    close(second),
    delivered('eve@example.net'),
    'Completed',
  );
  expect(tell(lines)).toEqual(['example.net ok mx1.example.org 192.0.2.10', OK1]);
});

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
