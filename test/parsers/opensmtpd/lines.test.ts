import { describe, expect, it } from 'vitest';
import { parser } from '../../../parsers/opensmtpd/index.ts';
import { brief, connecting, delivery, ID, idOf, readLines, smtpd, tls } from './reading.ts';

const told = (lines: readonly string[], options: Record<string, unknown> = {}) =>
  readLines(lines, options).sessions.map(brief);
const failing = (reason: string, target = 'smtp+tls://192.0.2.25:25') => [
  ...connecting(target),
  smtpd(`${ID} mta error reason=${reason}`),
  smtpd('smtp-out: No valid route for [connector:[]->[relay:example.org,smtp+tls],0x0]', 10),
];

describe('what the lines of a connection say', () => {
  it('is a success once TLS stands and a recipient was tried', () => {
    expect(told([...connecting(), tls(), delivery()])).toEqual(['example.org success tls-line']);
    expect(told([...connecting(), tls()])).toEqual([]);
  });

  it('is one session however many recipients, messages and domains follow', () => {
    const lines = [...connecting(), tls(), delivery(), delivery('b@example.org'), delivery('c@example.net')];
    const { sessions, hints } = readLines(lines);
    expect(sessions.map(brief)).toEqual(['example.org success tls-line']);
    expect(hints).toContain('opensmtpd-smarthost');
  });

  it('is a failure when clear text follows a failed handshake, once', () => {
    const lines = [
      ...connecting(),
      smtpd(`smtp-out: Error on session ${ID}: opportunistic TLS failed, downgrading to plain`),
      ...connecting('smtp+notls://192.0.2.25:25'),
      delivery(),
    ];
    expect(told(lines)).toEqual(['example.org validation-failure tls-line']);
    expect(readLines(lines).hints).not.toContain('opensmtpd-clear-wanted');
  });

  it('is starttls-not-supported where mail went in clear though TLS was wanted, unless told not to infer', () => {
    expect(told([...connecting(), delivery()])).toEqual(['example.org starttls-not-supported inferred']);
    expect(told([...connecting(), delivery()], { inferPlaintext: false })).toEqual([]);
  });

  it('is nothing where the configuration wants clear text, LMTP or this machine', () => {
    for (const target of [
      'smtp+notls://192.0.2.25:25',
      'lmtp://192.0.2.25:24',
      'smtp://127.0.0.1:10025',
      'smtp://[::1]:25',
    ]) {
      expect(told([...connecting(target), delivery()]), target).toEqual([]);
    }
  });

  it('is nothing where the beginning was not seen: TLS may have stood before', () => {
    const { sessions, rules } = readLines([delivery()]);
    expect(sessions).toEqual([]);
    expect(rules).toEqual(['delivery-unseen-connection']);
  });

  it('is one of our own reports by its envelope sender', () => {
    const lines = [
      ...connecting(),
      tls(),
      delivery('a@example.org', ID, '250', 'TLS-Reports@sender.example'),
    ];
    expect(told(lines, { ownSender: 'tls-reports@sender.example' })).toEqual([
      'example.org success tls-line own',
    ]);
  });
});

describe('TLS that is required', () => {
  it.each([
    ['TLS required but not supported by remote host', 'starttls-not-supported'],
    ['STARTTLS rejected: 454 4.7.0 IO Error: handshake failed: x', 'starttls-not-supported'],
    ['SSL certificate check failed', 'certificate-not-trusted'],
    ['IO Error: certificate verification failed: certificate has expired', 'certificate-expired'],
    ['IO Error: certificate verification failed: self-signed certificate', 'certificate-not-trusted'],
    ['IO Error: certificate verification failed: a text of tomorrow', 'certificate-not-trusted'],
    ["IO Error: name `mx.example.org' not present in server certificate", 'certificate-host-mismatch'],
    ['IO Error: handshake failed: Connection reset by peer', 'validation-failure'],
    ['IO Error: error:0A000410:SSL routines::sslv3 alert handshake failure', 'validation-failure'],
    ['IO Error: No TLS error', 'validation-failure'],
  ])('fails with "%s" as %s', (reason, type) => {
    expect(told(failing(reason))).toEqual([`example.org ${type} inferred`]);
  });

  it.each([
    'IO Error: Connection refused',
    'IO Error: Connection reset by peer',
    'Connection closed unexpectedly',
    'BANNER rejected: 554 IO Error: handshake failed: no',
    'EHLO rejected: 550 TLS required but not supported by remote host',
  ])('does not fail by "%s"', (reason) => {
    expect(told(failing(reason))).toEqual([]);
  });

  it('is nobody’s failure when the domains of two servers failed at once', () => {
    const other = idOf(2);
    const lines = [
      ...connecting('smtp+tls://192.0.2.26:25', other),
      smtpd(`${other} mta error reason=Connection closed unexpectedly`),
      ...failing('TLS required but not supported by remote host'),
    ];
    const { sessions, hints } = readLines(lines);
    expect(sessions).toEqual([]);
    expect(hints).toContain('opensmtpd-unbound');
  });

  it('is not bound to a domain whose mail goes by another scheme', () => {
    const lines = failing('TLS required but not supported by remote host').map((line) =>
      line.replace('example.org,smtp+tls]', 'example.org,smtp]'),
    );
    expect(told(lines)).toEqual([]);
  });
});

describe('hostile text', () => {
  it('in a reply, an address or a reverse name stands for nothing', () => {
    const reply = `250 ${ID} mta error reason=SSL certificate check failed" result="TempFail" to=<v@victim.example>`;
    expect(
      told([
        ...connecting('smtp://192.0.2.25:25', ID, '127.0.0.1'),
        tls(),
        delivery('a@example.org', ID, reply),
      ]),
    ).toEqual(['example.org success tls-line']);
    expect(told([...connecting(), tls(), delivery('relay="x@example.org')])).toEqual([
      'example.org success tls-line',
    ]);
    expect(told([...connecting(), tls(), delivery('a> to=<v@victim.example')])).toEqual([]);
  });

  it('does not make a report for an address or a single word', () => {
    for (const to of ['a@[192.0.2.1]', 'root', 'a@192.0.2.1', 'a@']) {
      expect(told([...connecting(), tls(), delivery(to)]), to).toEqual([]);
    }
  });
});

describe('smart hosts', () => {
  const through = (target: string, reverse = 'smtp.isp.example') => [
    ...connecting(target, ID, reverse),
    tls(),
    delivery(),
  ];

  it('that are named give their domain', () => {
    for (const relayhost of [
      'smtp+tls://label@smtp.isp.example:587',
      '[smtp.isp.example]:587',
      'smtp.isp.example',
    ]) {
      expect(told(through('smtp+tls://192.0.2.25:587'), { relayhosts: [relayhost] }), relayhost).toEqual([
        'smtp.isp.example success tls-line',
      ]);
    }
    expect(
      told(through('smtp+tls://192.0.2.25:587', '192.0.2.25'), { relayhosts: ['[192.0.2.25]:587'] }),
    ).toEqual([]);
  });

  it('that are not named give none, and a hint', () => {
    for (const target of ['smtps://192.0.2.25:465', 'smtp+tls://192.0.2.25:587']) {
      const { sessions, hints } = readLines(through(target));
      expect(sessions).toEqual([]);
      expect(hints).toContain('opensmtpd-smarthost');
    }
  });

  it('must be written so that they can be read', () => {
    expect(parser.options.safeParse({ relayhosts: ['a b'] }).success).toBe(false);
    expect(parser.options.safeParse({ relayhosts: ['smtp+tls://smtp.isp.example'] }).success).toBe(true);
  });
});

describe('hints', () => {
  const unchecked = smtpd(`${ID} mta cert-check result="unverified" fingerprint="SHA256:00"`);
  const checked = smtpd(`${ID} mta server-cert-check result="failure"`);

  it('say what the log cannot witness', () => {
    expect(readLines([...connecting(), delivery()]).hints).toEqual(['opensmtpd-no-tls']);
    expect(readLines([...connecting(), tls(), checked]).hints).toEqual(['opensmtpd-no-deliveries']);
    expect(readLines([...connecting(), tls(), unchecked, delivery()]).hints).toEqual([
      'opensmtpd-unverified',
    ]);
    expect(readLines([...connecting('smtp+notls://192.0.2.25:25'), tls(), delivery()]).hints).toEqual([
      'opensmtpd-clear-wanted',
    ]);
    expect(readLines([...connecting(), tls(), checked, delivery()]).hints).toEqual([]);
    expect(readLines([]).hints).toEqual([]);
  });
});

describe('lines of another program', () => {
  it('are none of ours', () => {
    const lines = [...connecting(), tls(), delivery()].map((line) =>
      line.replace(' smtpd[', ' postfix/smtpd['),
    );
    expect(readLines(lines)).toEqual({ sessions: [], rules: [], hints: [] });
  });

  it('of ours that nobody knows are told as unknown', () => {
    expect(readLines([smtpd(`${ID} mta levitating`), smtpd('smtp-out: Something new')]).rules).toEqual([
      'unknown',
      'unknown',
    ]);
  });
});
