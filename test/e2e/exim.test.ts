import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parser } from '../../parsers/exim/index.ts';
import { readSessions } from '../../src/logs/read-sessions.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import type { Session } from '../../src/session.ts';
import { type DebianOptions, debianConfig } from './exim/debian.ts';
import { expected, sessionText, type Visible } from './exim/expectation.ts';
import { Lab, missing } from './exim/lab.ts';
import type { Receiver, World } from './exim/plan.ts';

const RECOMMENDED =
  '+tls_cipher +tls_certificate_verified +incoming_interface +outgoing_interface +outgoing_port +millisec';

function receiver(number: number, name: string, rest: Partial<Receiver> = {}): Receiver {
  return { name, address: `198.51.100.${number}`, fault: 'none', certificate: 'good', ...rest };
}

const RECEIVERS: readonly Receiver[] = [
  receiver(1, 'mx.ok.test'),
  receiver(2, 'mx.tls12.test', { maxVersion: 'TLSv1.2' }),
  receiver(3, 'mx.selfsigned.test', { certificate: 'self-signed' }),
  receiver(4, 'mx.othername.test', { certificate: 'other-name' }),
  receiver(5, 'mx.plain.test', { fault: 'no-starttls' }),
  receiver(6, 'mx.refused.test', { fault: 'starttls-454' }),
  receiver(7, 'mx.refused5.test', { fault: 'starttls-554' }),
  receiver(8, 'mx.closed.test', { fault: 'starttls-close' }),
  receiver(9, 'mx.reset.test', { fault: 'reset-after-hello' }),
  receiver(10, 'mx.garbage.test', { fault: 'garbage' }),
  receiver(11, 'mx.ehlo.test', { fault: 'close-at-ehlo2' }),
  receiver(12, 'mx.rude.test', { fault: 'no-close-notify' }),
  receiver(13, 'mx.grey.test', { fault: 'rcpt-450' }),
  receiver(14, 'mx.unknown.test', { fault: 'rcpt-550' }),
  receiver(15, 'mx.dane.example', { certificate: 'self-signed', tlsa: 'match' }),
  receiver(16, 'mx.danebad.example', { tlsa: 'differ' }),
  receiver(17, 'mx.daneplain.example', { fault: 'no-starttls', tlsa: 'match' }),
  receiver(18, 'mx.danerefused.example', { fault: 'starttls-454', tlsa: 'match' }),
  receiver(19, 'mx.danebroken.example', { tlsa: 'servfail' }),
  receiver(20, 'mx1.dane2.example', { tlsa: 'differ' }),
  receiver(21, 'mx2.dane2.example', { certificate: 'self-signed', tlsa: 'match' }),
  receiver(22, 'mx1.two.test', { fault: 'reset-after-hello' }),
  receiver(23, 'mx2.two.test'),
  receiver(24, 'mx1.greytwo.test', { fault: 'mail-451' }),
  receiver(25, 'mx2.greytwo.test'),
];

const WORLD: World = {
  sender: '192.0.2.1',
  resolver: '198.51.100.253',
  receivers: RECEIVERS,
  domains: [
    ...[...new Set(RECEIVERS.map(({ name }) => name.replace(/^[^.]+\./, '')))].map((name) => ({
      name,
      hosts: RECEIVERS.filter((one) => one.name.endsWith(`.${name}`)).map((one) => one.name),
    })),
    { name: 'shared.test', hosts: ['mx.ok.test'] },
  ],
};

/** The domain whose TLSA look-up fails: no connection is made, so the receivers see nothing of it. */
const LOOKUP_FAILS = 'danebroken.example 198.51.100.19 dnssec-invalid';
const RUNS = 2;
/** Exim stamps its lines in the zone of the machine. */
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

describe('a real Exim', () => {
  let lab: Lab;
  beforeAll(async () => {
    const lacking = missing();
    if (lacking !== undefined) throw new Error(`cannot deliver by a real Exim here: ${lacking}`);
    lab = new Lab();
    await lab.start(WORLD);
  });
  afterAll(() => lab?.stop());

  /** Gives Exim Debian's configuration; returns the path of its mainlog. */
  function configure(options: DebianOptions): string {
    return lab.configure((directory) => debianConfig(directory, lab, options));
  }

  /** Sends to every domain, to several at once, and over continued connections; then tries again what was deferred. */
  function deliver(options: DebianOptions): { sessions: Session[]; mainlog: string } {
    const path = configure(options);
    for (const { name } of WORLD.domains) lab.send('ann@sender.test', [`u@${name}`]);
    lab.send('ann@sender.test', ['a@ok.test', 'b@ok.test', 'c@shared.test', 'd@tls12.test', 'e@grey.test']);
    lab.send('ann@sender.test', [
      '"=> x@evil.test R=a T=b H=mx.evil.test [203.0.113.66] X=TLS1.0:x:40 CV=yes"@ok.test',
    ]);
    for (const name of ['one', 'two', 'three']) lab.send('ann@sender.test', [`${name}@ok.test`], '-odq');
    lab.exim(['-qqff']);
    const mainlog = readFileSync(path, 'utf8');
    const now = Date.now();
    const sessions = readSessions(mainlog.split('\n'), parser, {}, { zone: zoneOf(HERE), now });
    return { sessions, mainlog };
  }

  function check(options: DebianOptions, visible: Visible): { sessions: Session[]; mainlog: string } {
    lab.takeTruth();
    const { sessions, mainlog } = deliver(options);
    const failedLookups = Array.from({ length: RUNS }, () => LOOKUP_FAILS);
    const truth = [...expected(WORLD, lab.takeTruth(), visible), ...failedLookups].sort();
    expect(truth.length).toBeGreaterThan(10);
    expect(sessions.map(sessionText).sort()).toEqual(truth);
    return { sessions, mainlog };
  }

  const ordinary: Visible = { tls: true, deferred: false, earlierHosts: true };
  const all: Visible = { tls: true, deferred: true, earlierHosts: true };

  it('with Debian’s defaults', () => {
    const { sessions } = check({}, ordinary);
    expect(sessions.filter(({ sendingMtaIp }) => sendingMtaIp !== undefined)).toEqual([]);
  });

  it('with the recommended selectors', () => {
    const { sessions } = check({ logSelector: RECOMMENDED }, ordinary);
    const delivered = sessions.filter(({ outcome }) => outcome === 'success');
    expect(delivered.map(({ sendingMtaIp }) => sendingMtaIp)).toEqual(delivered.map(() => WORLD.sender));
  });

  it('with every selector, and stamps with their zone', () => {
    const { mainlog } = check({ logSelector: '+all', logTimezone: true }, ordinary);
    expect(mainlog).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d{4} \[\d+\] \S+ => u@ok\.test /m);
  });

  it('with no selector at all claims neither TLS nor clear text', () => {
    check({ logSelector: '-all' }, { ...ordinary, tls: false });
  });

  it('with TLS required of all hosts', () => {
    check({ requireTls: true }, { ...ordinary, earlierHosts: false });
  });

  it('with the event_action snippet', () => {
    const { sessions, mainlog } = check({ snippet: true }, all);
    expect(mainlog).toContain('tlsrpt-event/1 smtp:ehlo host=mx.ok.test ');
    const trusts = new Set(
      sessions.map(({ recipientDomain, peerTrust }) => `${recipientDomain} ${peerTrust}`),
    );
    expect(trusts).toContain('ok.test trusted');
    expect(trusts).toContain('selfsigned.test untrusted');
    expect(trusts).toContain('dane.example verified');
  });

  it('with the snippet, and TLS required of all hosts', () => {
    check({ snippet: true, requireTls: true, logSelector: RECOMMENDED }, all);
  });

  it('with the snippet writes nothing into the panic log', () => {
    const path = configure({ snippet: true });
    lab.send('ann@sender.test', ['u@ok.test']);
    expect(existsSync(path.replace('mainlog', 'paniclog'))).toBe(false);
  });
});
