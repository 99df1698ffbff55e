import { utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ownAccess } from '../../src/check/access.ts';
import type { Finding } from '../../src/check/finding.ts';
import { type Ask, askLocalMta } from '../../src/policy/local-mta.ts';
import { set } from './broken-set-ups.ts';
import { type Host, healthyHost, LOGGED } from './place.ts';

const VERSION = 'Exim version 4.96 #2\nSupport for: crypteq IPv6 GnuTLS DANE DKIM\n';
const SELECTORS = '+incoming_interface +outgoing_interface +outgoing_port';

let host: Host;
beforeEach(async () => {
  host = await healthyHost();
  const line =
    '2026-11-23 19:32:09 1abc2D-000123-AB => u@example.org R=dnslookup T=remote_smtp H=mx.example.org [192.0.2.25] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes C="250 ok"\n';
  await writeFile(host.log, line.repeat(3));
  await utimes(host.log, LOGGED / 1000, LOGGED / 1000);
  set(host, 'timezone: UTC', 'timezone: UTC, parser: exim');
});
afterEach(() => host.close());

/** Answers as an Exim that is set up so; the rest as the host does. */
function exim(settings: { dane?: string; bound?: string; selectors?: string; logs?: string }): Ask {
  const { dane = '*', bound = '', selectors = SELECTORS, logs = '' } = settings;
  return async (program, args) => {
    if (program === 'postconf') return undefined;
    if (program !== 'exim4') return host.ask(program, args);
    if (args[0] === '-bV') return VERSION;
    if (args.includes('transports'))
      return `\nremote_smtp transport:\ndriver = smtp\nhosts_try_dane = ${dane}\ninterface = ${bound}\n`;
    return `log_selector = ${selectors}\nlog_file_path = ${logs}\n`;
  };
}

/** An Exim that tells its version, for it may not read its configuration. */
const hidden: Ask = async (program, args) => (program === 'exim4' && args[0] === '-bV' ? VERSION : undefined);

/** @param asRoot what root is told @param asUnit what the unit's user is told */
async function examined(asRoot: Ask, asUnit: Ask = asRoot): Promise<readonly Finding[]> {
  const access = { ...ownAccess(asUnit), who: 'maillog-tlsrpt' };
  return await host.examine({ ask: asRoot, local: await askLocalMta(asRoot), access });
}

function about(findings: readonly Finding[], ...ids: string[]): string[] {
  return findings
    .filter(({ id }) => ids.includes(id))
    .map(({ severity, text, help }) => [severity, text, ...(help === undefined ? [] : [help])].join(' | '));
}

const MTA_IDS = ['mta-hidden', 'mta-honours', 'sending-address'];

it('says what to set where the user of the unit cannot ask Exim what it honours', async () => {
  const found = await examined(exim({ dane: '' }), hidden);
  expect(about(found, ...MTA_IDS)).toEqual([
    'warn | maillog-tlsrpt cannot ask Exim what it honours (mta.honours: auto), for it may not read its configuration: of DANE only what the log proves would count | set mta: {honours: []}',
  ]);
  const dane = await examined(exim({ dane: '*' }), hidden);
  expect(about(dane, ...MTA_IDS)[0]).toContain('set mta: {honours: [dane]}');
});

it('says nothing of it where that user can ask, or the configuration says what Exim does', async () => {
  expect(about(await examined(exim({})), ...MTA_IDS)).toEqual([]);
  host.config += 'mta: {honours: [dane]}\n';
  expect(about(await examined(exim({}), hidden), ...MTA_IDS)).toEqual([]);
});

it('sees when Exim honours something else by now than the configuration says in its place', async () => {
  host.config += 'mta: {honours: [dane]}\n';
  expect(about(await examined(exim({ dane: '' }), hidden), ...MTA_IDS)).toEqual([
    'warn | Exim does not honour DANE, yet mta.honours says so, for maillog-tlsrpt cannot ask it | set mta: {honours: []}',
  ]);
});

it('says which address Exim is bound to where the user of the unit cannot ask that', async () => {
  set(host, 'parser: exim', 'parser: exim, sending-mta-ip: auto');
  host.config += 'mta: {honours: [dane]}\n';
  const asRoot = exim({ bound: '192.0.2.77' });
  expect(about(await examined(asRoot, hidden), ...MTA_IDS)).toEqual([
    `warn | mail leaves from 192.0.2.77, which maillog-tlsrpt cannot ask Exim (sending-mta-ip: auto) | set sending-mta-ip: "192.0.2.77" in the entry of ${host.log}`,
  ]);
  set(host, 'sending-mta-ip: auto', 'sending-mta-ip: 192.0.2.76');
  expect(about(await examined(asRoot, hidden), ...MTA_IDS)[0]).toContain(
    'yet sending-mta-ip says 192.0.2.76',
  );
  set(host, 'sending-mta-ip: 192.0.2.76', 'sending-mta-ip: 192.0.2.77');
  expect(about(await examined(asRoot, hidden), ...MTA_IDS)).toEqual([]);
});

it('tells who is not root to ask as root', async () => {
  const found = await examined(hidden);
  expect(about(found, ...MTA_IDS)[0]).toMatch(/\| check as root, which can ask it$/);
});

it('does not say that Exim hides in the log what it was told to log since', async () => {
  const found = await examined(exim({}));
  expect(about(found, 'exim-interface-hidden', 'exim-selectors')).toEqual([
    'ok | Exim logs TLS and the sending address',
  ]);
});

it('says once what Exim does not log', async () => {
  const found = await examined(exim({ selectors: '-tls_cipher' }));
  expect(about(found, 'exim-interface-hidden', 'exim-selectors', 'exim-tls-cipher-hidden')).toEqual([
    'warn | Exim does not log X=: the TLS version cannot be told | log_selector = +tls_cipher',
    'warn | Exim does not log the address mail leaves from, and connections are counted by heuristics | log_selector = +incoming_interface +outgoing_interface +outgoing_port',
  ]);
});

it.each([
  ['/var/log/syslog/exim-%s', ['/var/log/syslog/exim-main']],
  ['<; /srv/a/%slog-%D ; /srv/b/%slog', ['/srv/a/mainlog']],
  ['syslog : /srv/a/%slog', []],
  ['', []],
])('says with log_file_path = %s that another log is read', async (logs, named) => {
  expect(about(await examined(exim({ logs })), 'exim-other-log')).toEqual(
    named.map(
      (path) =>
        `fail | Exim logs into ${path} (log_file_path), which the configuration does not read | logs: [{path: ${path}, parser: exim}]`,
    ),
  );
});

it('has something to do for who reads a warning, and nothing for who reads that all is well', async () => {
  for (const { severity, help } of await examined(exim({ selectors: '' })))
    expect(help === undefined).toBe(severity === 'ok');
});
