import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { Problem } from '../../src/errors.ts';
import { readExim } from '../../src/policy/exim-settings.ts';
import { type Ask, askLocalMta, askProgram, resolveHonours } from '../../src/policy/local-mta.ts';
import { readPostfix } from '../../src/policy/postfix-settings.ts';
import { dnsServers, parseResolvConf, parseServer } from '../../src/policy/resolv-conf.ts';
import { smartHostPorts } from '../../src/policy/smart-hosts.ts';

/** As `postconf -x` of Postfix 3.7.11 prints it. */
const POSTCONF = `mail_version = 3.7.11
smtp_tls_security_level = dane
smtp_dns_support_level = dnssec
smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:postfix, hash:/etc/postfix/tls_policy
smtp_tls_dane_insecure_mx_policy = dane
smtp_tls_loglevel = 1
relayhost = [smtp.isp.example]:587
smtp_fallback_relay =
smtp_bind_address = 198.51.100.7
smtp_bind_address6 =
`;

/** The head of `exim -bV` and the lines that count of `exim -bP transports`, Exim 4.96 of Debian. */
const EXIM_VERSION = `Exim version 4.96 #2 built 27-May-2026 16:52:26
Support for: crypteq iconv() IPv6 GnuTLS TLS_resume move_frozen_messages DANE DKIM DNSSEC Event I18N OCSP PIPECONNECT PRDR
Transports: appendfile/maildir/mailstore autoreply lmtp pipe smtp
`;
const transports = (dane: string, address = ''): string =>
  `\nremote_smtp transport:\ndriver = smtp\nhosts_require_dane = \nhosts_try_dane = ${dane}\ninterface = ${address}\n\nlocal transport:\ndriver = appendfile\n`;

describe('what Postfix says of itself', () => {
  test('level, plugins, relays, addresses', () => {
    expect(readPostfix(POSTCONF)).toEqual({
      version: '3.7.11',
      dane: true,
      halfDane: true,
      mtaSts: true,
      policyServers: ['socketmap:inet:127.0.0.1:8461:postfix'],
      relayhosts: ['[smtp.isp.example]:587'],
      fallbackRelays: [],
      tlsLogLevel: 1,
      bindAddress: '198.51.100.7',
      triesTls: true,
      nativeTlsrpt: false,
    });
  });

  test('DANE needs DNSSEC and the level', () => {
    expect(readPostfix(POSTCONF.replace('dnssec', 'enabled'))).toMatchObject({
      dane: false,
      halfDane: false,
    });
    expect(readPostfix(POSTCONF.replace('level = dane', 'level = may')).dane).toBe(false);
    expect(readPostfix(POSTCONF.replace('level = dane', 'level = dane-only')).dane).toBe(true);
    expect(readPostfix(POSTCONF.replace('mx_policy = dane', 'mx_policy = may')).halfDane).toBe(false);
  });

  test('postfix-tlspol brings DANE whatever the level is', () => {
    const tlspol = POSTCONF.replace('level = dane', 'level = may').replace(
      '8461:postfix',
      '8642:QUERYwithTLSRPT',
    );
    expect(readPostfix(tlspol)).toMatchObject({ dane: true, mtaSts: true });
  });

  test('no plugin, no MTA-STS; nothing at all, nothing honoured', () => {
    expect(readPostfix(POSTCONF.replace(/socketmap\S+ /, '')).mtaSts).toBe(false);
    expect(readPostfix('')).toMatchObject({ dane: false, mtaSts: false, tlsLogLevel: 0, relayhosts: [] });
  });
});

describe('what Exim says of itself', () => {
  test.each([
    ['the default', transports('*'), true],
    ['some hosts', transports('*.example'), true],
    ['switched off', transports(''), false],
    ['no transport at all', '', false],
  ])('%s', (_, text, dane) => {
    expect(readExim(EXIM_VERSION, text)).toEqual({ version: '4.96', dane });
  });

  test('built without DANE', () => {
    expect(readExim(EXIM_VERSION.replace(' DANE', ''), transports('*')).dane).toBe(false);
  });

  test('the address it sends from, where it is one', () => {
    expect(readExim(EXIM_VERSION, transports('*', '192.0.2.7')).interfaceAddress).toBe('192.0.2.7');
    expect(
      readExim(EXIM_VERSION, transports('*', '<; 192.0.2.7 ; 192.0.2.8')).interfaceAddress,
    ).toBeUndefined();
  });
});

describe('asking the MTAs of this host', () => {
  test('fixed programs and arguments, nothing else', async () => {
    const asked: string[] = [];
    const ask: Ask = async (program, args) => {
      asked.push([program, ...args].join(' '));
      if (program === 'postconf') return POSTCONF;
      return program === 'exim' ? (args[0] === '-bV' ? EXIM_VERSION : transports('*')) : undefined;
    };
    expect(await askLocalMta(ask)).toMatchObject({ postfix: { dane: true }, exim: { dane: true } });
    expect(asked.filter((line) => line.startsWith('exim'))).toEqual([
      'exim4 -bV',
      'exim -bV',
      'exim -bP transports',
    ]);
    expect(asked.find((line) => line.startsWith('postconf'))).toMatch(
      /^postconf -x mail_version smtp_tls_security_level /,
    );
  });

  test('an Exim that tells its version but not its settings is not taken for one with the defaults', async () => {
    const ask: Ask = async (program, args) =>
      program === 'exim4' && args[0] === '-bV' ? EXIM_VERSION : undefined;
    expect(await askLocalMta(ask)).toEqual({ hidden: ['exim'] });
  });

  test('a Postfix that tells its version but not its settings is not taken for none', async () => {
    const ask: Ask = async (program, args) =>
      program === 'postconf' && args[0] === '-d' ? 'mail_version = 3.7.11\n' : undefined;
    expect(await askLocalMta(ask)).toEqual({ hidden: ['postfix'] });
  });

  test('absence is normal', async () => {
    expect(await askLocalMta(async () => undefined)).toEqual({});
    expect(await askProgram('no-such-program-here', [])).toBeUndefined();
  });

  test('a program that fails without a word, and one that warns but answers', async () => {
    expect(await askProgram('sh', ['-c', 'exit 3'])).toBeUndefined();
    expect(await askProgram('sh', ['-c', 'echo "a = b"; echo warning >&2; exit 1'])).toBe('a = b\n');
  });

  test('honours: told, found, or nothing', async () => {
    const config = (mta: object) =>
      configSchema.parse({ organization: 'o', contact: 'a@b.example', state: '/x', mta });
    const never = () => Promise.reject(new Error('asked'));
    expect(await resolveHonours(config({ honours: ['dane'] }), never)).toEqual({
      dane: true,
      halfDane: true,
      mtaSts: false,
      both: false,
    });
    expect(await resolveHonours(config({ honours: [] }), never)).toMatchObject({
      dane: false,
      mtaSts: false,
    });
    const found = await resolveHonours(config({}), async () => ({ postfix: readPostfix(POSTCONF) }));
    expect(found).toEqual({
      dane: true,
      halfDane: true,
      mtaSts: true,
      both: false,
      policyServers: ['socketmap:inet:127.0.0.1:8461:postfix'],
      relays: ['[smtp.isp.example]:587'],
    });
    expect(await resolveHonours(config({}), async () => ({}))).toMatchObject({ dane: false, mtaSts: false });
    expect(await resolveHonours(config({}), async () => ({ hidden: ['exim'] }))).toEqual({
      dane: false,
      halfDane: false,
      mtaSts: false,
      both: false,
      hidden: ['exim'],
    });
  });
});

describe('the servers to ask', () => {
  test.each([
    ['127.0.0.1', { address: '127.0.0.1', port: 53 }],
    ['192.0.2.1:5353', { address: '192.0.2.1', port: 5353 }],
    ['2001:db8::1', { address: '2001:db8::1', port: 53 }],
    ['[2001:db8::1]', { address: '2001:db8::1', port: 53 }],
    ['[::1]:5353', { address: '::1', port: 5353 }],
  ])('%s', (text, server) => {
    expect(parseServer(text)).toEqual({ ...server, trusted: true });
  });

  test.each([
    '',
    'dns.example',
    'localhost:53',
    '127.0.0.1:0',
    '127.0.0.1:99999',
    '[::1',
    '127.0.0.1:x',
    '300.1.1.1',
  ])('refused: %j', (text) => {
    expect(() => parseServer(text)).toThrow(Problem);
  });

  test('resolv.conf: the first three, AD believed of this host only', () => {
    const text =
      '# c\nsearch x\nnameserver 192.0.2.1\n nameserver ::1\nnameserver fe80::1%eth0\nnameserver bad\nnameserver 192.0.2.2';
    expect(parseResolvConf(text)).toEqual([
      { address: '192.0.2.1', port: 53, trusted: false },
      { address: '::1', port: 53, trusted: true },
      { address: 'fe80::1%eth0', port: 53, trusted: false },
    ]);
  });

  test('resolv.conf: trust-ad believes them all; nothing in it means this host', () => {
    const trusting = parseResolvConf('nameserver 192.0.2.1\noptions edns0 trust-ad');
    expect(trusting).toEqual([{ address: '192.0.2.1', port: 53, trusted: true }]);
    expect(parseResolvConf('options no-trust-ad\nnameserver 192.0.2.1')[0]?.trusted).toBe(false);
    expect(parseResolvConf('')).toEqual([{ address: '127.0.0.1', port: 53, trusted: true }]);
  });

  test('the config goes before the file; a missing file is no fault', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'maillog-tlsrpt-resolv-'));
    const path = join(directory, 'resolv.conf');
    writeFileSync(path, 'nameserver 192.0.2.9\n');
    expect(await dnsServers([], path)).toEqual([{ address: '192.0.2.9', port: 53, trusted: false }]);
    expect(await dnsServers(['192.0.2.1'], path)).toEqual([
      { address: '192.0.2.1', port: 53, trusted: true },
    ]);
    expect(await dnsServers([], join(directory, 'none'))).toEqual(parseResolvConf(''));
    rmSync(directory, { recursive: true });
  });
});

test('smart hosts are hosts in brackets, with their ports', () => {
  const log = {
    relayhosts: [
      '[Smtp.ISP.example]:587',
      '[a.example]',
      'domain.example',
      'smtp:[b.example]:submission',
      '[192.0.2.1]',
    ],
    'fallback-relays': ['[c.example]:smtp'],
  };
  expect(Object.fromEntries(smartHostPorts([log]))).toEqual({
    'smtp.isp.example': 587,
    'a.example': 25,
    'b.example': 587,
    'c.example': 25,
  });
});
