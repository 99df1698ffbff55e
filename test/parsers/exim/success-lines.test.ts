import { describe, expect, it } from 'vitest';
import { MX1, message, OK, ROUTE, read, tell, X } from './reading.ts';

const BOB = `bob@example.org ${ROUTE}`;
const DELIVERED = `=> ${BOB} ${MX1} ${X} CV=yes ${OK}`;
const OK1 = 'example.org ok mx1.example.org 192.0.2.10';

describe('what a success line says', () => {
  const one = (fields: string) => read(message(`=> ${BOB} ${fields}`))[0];

  it.each([
    ['CV=yes', 'trusted'],
    ['CV=no', 'untrusted'],
    ['CV=dane', 'verified'],
  ])('%s is %s', (verified, trust) => {
    expect(one(`${MX1} ${X} ${verified}`)?.peerTrust).toBe(trust);
  });

  it('without CV= trust is unsaid', () => {
    expect(one(`${MX1} ${X}`)).toMatchObject({ outcome: 'success', tlsVersion: 'TLSv1.3' });
    expect(one(`${MX1} ${X}`)).not.toHaveProperty('peerTrust');
  });

  it('CV= alone proves TLS, its version unsaid', () => {
    expect(one(`${MX1} CV=no`)).toMatchObject({ outcome: 'success', peerTrust: 'untrusted' });
    expect(one(`${MX1} CV=no`)).not.toHaveProperty('tlsVersion');
  });

  it.each([
    ['X=TLS1.3 CV=yes', 'TLSv1.3', 'trusted'],
    ['X=TLS1.3', 'TLSv1.3', undefined],
    ['X=unheard-of CV=no', undefined, 'untrusted'],
  ])('%s proves TLS, though no cipher stands behind the version', (fields, version, trust) => {
    expect(tell(message(`=> ${BOB} ${MX1} ${fields} ${OK}`))).toEqual([OK1]);
    expect(tell(message(`** ${BOB} ${MX1} ${fields}: SMTP error from remote mail server: 550 no`))).toEqual([
      OK1,
    ]);
    expect(one(`${MX1} ${fields}`)?.tlsVersion).toBe(version);
    expect(one(`${MX1} ${fields}`)?.peerTrust).toBe(trust);
  });

  it.each([
    ['X=TLSv1.2:ECDHE-RSA-AES256-GCM-SHA384:256', 'TLSv1.2', undefined],
    ['X=TLS1.0:ECDHE_X25519__AES_256_CBC__SHA1:256', 'TLSv1', undefined],
    ['X=TLSv1:RC4-SHA:128', 'TLSv1', undefined],
    ['X=TLS1.0-PKIX:RSA_AES_256_CBC_SHA1:256', 'TLSv1', undefined],
    ['X=TLS1.2:ECDHE-RSA-AES256-GCM-SHA384:256*', 'TLSv1.2', true],
    ['X=TLS1.3:(AES_256_GCM:256*', 'TLSv1.3', true],
    ['X=TLS1.3:TLS_AES_256_GCM_SHA384:256:x25519', 'TLSv1.3', undefined],
  ])('%s', (cipher, version, resumed) => {
    expect(one(`${MX1} ${cipher} CV=yes`)?.tlsVersion).toBe(version);
    expect(one(`${MX1} ${cipher} CV=yes`)?.resumed).toBe(resumed);
  });

  it('I= is the sending address before the configured one', () => {
    const options = { sendingMtaIp: '198.51.100.1' };
    const lines = message(`=> ${BOB} ${MX1}:25 I=[198.51.100.7]:4711 ${X} CV=yes`);
    expect(read(lines, options)[0]?.sendingMtaIp).toBe('198.51.100.7');
    expect(read(message(DELIVERED), options)[0]?.sendingMtaIp).toBe('198.51.100.1');
  });

  it('fields of a proxy, of TFO, of AUTH and of PRDR do not disturb', () => {
    const fields = `H=mx1.example.org DS [192.0.2.10]:25 PRX=[127.0.0.1]:1080 I=[198.51.100.7]:4711 TFO* PS=es ${X} CV=dane DN="CN=mx1" A=plain:me L* PRDR K DKIM=a:b ${OK} QT=1m3s DT=0.1s`;
    expect(tell(message(`=> ${BOB} ${fields}`))).toEqual([`${OK1} tlsa`]);
  });
});

describe('connections and lines', () => {
  it('with I= and its port a second => of one connection is no second session', () => {
    const line = (to: string) => `=> ${to} ${ROUTE} ${MX1}:25 I=[198.51.100.7]:4711 ${X} CV=yes`;
    expect(tell(message(line('a@example.org'), line('b@example.org')))).toEqual([OK1]);
    expect(tell(message(line('a@example.org'), line('b@example.org').replace('4711', '4712')))).toHaveLength(
      2,
    );
  });

  it('a continued connection with DANE is no session, though CV=no stands there', () => {
    const lines = message(
      `=> ${BOB} ${MX1}* ${X} CV=no ${OK}`,
      `-> eve@example.net ${ROUTE} ${MX1}* ${X} CV=no ${OK}`,
    );
    expect(tell(lines)).toEqual([]);
  });

  it('a refusal in a later queue run is a session of its own', () => {
    const refused = `** eve@example.org ${ROUTE} ${MX1} ${X} CV=yes: SMTP error from remote mail server after RCPT TO:<eve@example.org>: 550 no`;
    expect(tell(message(DELIVERED, refused))).toHaveLength(1);
    expect(tell(message(DELIVERED, `+900 ${refused}`))).toHaveLength(2);
  });

  it('a -> whose => is torn away opens the session, unless the log begins in the middle', () => {
    const lines = message(`-> ${BOB} ${MX1} ${X} CV=yes ${OK}`);
    expect(tell(lines)).toEqual([OK1]);
    expect(tell(lines, { midStream: true })).toEqual([]);
  });

  it('a -> goes on with the last => of its host, however much later it is written', () => {
    const line = (flag: string, to: string, fields: string) =>
      `${flag} ${to} ${ROUTE} ${MX1} ${fields} ${OK}`;
    const secure = message(line('=>', 'a@example.org', X), `+20 ${line('->', 'b@example.net', X)}`);
    expect(tell(secure)).toEqual(['example.net ok mx1.example.org 192.0.2.10', OK1]);
    const failed = 'TLS session: (SSL_connect): timed out';
    const clear = message(
      line('=>', 'a@example.com', X),
      `${failed}: delivering unencrypted to ${MX1} (not in hosts_require_tls)`,
      line('=>', 'a@example.org', ''),
      `+20 ${line('->', 'b@example.org', '')}`,
      `+1800 ${line('=>', 'c@example.net', '')}`,
      `+20 ${line('->', 'd@example.net', '')}`,
    );
    expect(tell(clear)).toEqual([
      'example.com ok mx1.example.org 192.0.2.10',
      'example.net starttls-not-supported (inferred: delivered without TLS) mx1.example.org 192.0.2.10',
      'example.org validation-failure (SSL_connect: timed out) mx1.example.org 192.0.2.10',
    ]);
  });

  it('cutthrough: one TLS line makes the session of all recipients', () => {
    const lines = message(
      `>> a@example.org ${ROUTE} ${MX1} ${OK}`,
      `>> b@example.net ${ROUTE} ${MX1} ${OK}`,
      `>> c@example.org ${ROUTE} ${MX1} ${X} CV=no ${OK}`,
      '<= s@sender.example H=(x) [198.51.100.9] P=esmtp S=198',
      'Completed',
    );
    expect(tell(lines)).toEqual(['example.net ok mx1.example.org 192.0.2.10', OK1]);
    expect(read(lines)[0]).not.toHaveProperty('peerTrust');
  });

  it('a rejected cutthrough and a suppressed delivery are nothing', () => {
    const rejected = `H=(x) [198.51.100.9] ${X} CV=no F=<s@x.example> rejected after DATA: R=r T=t ${MX1} ${X} CV=no C="550 no"`;
    expect(tell(message(rejected, `*> ${BOB} ${MX1} ${X} CV=yes`))).toEqual([]);
  });

  it('own reports are told by the envelope sender', () => {
    const lines = message('<= tls-reports@sender.example U=tls P=local S=1', DELIVERED, 'Completed');
    expect(read(lines, { ownSender: 'tls-reports@sender.example' })[0]?.own).toBe(true);
    expect(read(lines, { ownSender: 'other@sender.example' })[0]?.own).toBeUndefined();
  });
});

describe('which sessions count', () => {
  it('a smart host takes the place of the recipient’s domain', () => {
    const lines = message(`=> ${BOB} H=smtp.isp.example [203.0.113.5]:587 ${X} CV=yes`);
    const expected = ['smtp.isp.example ok smtp.isp.example 203.0.113.5'];
    expect(tell(lines, { relayhosts: ['[smtp.isp.example]:587'] })).toEqual(expected);
    expect(tell(lines, { relayhosts: ['isp.example'] })).toEqual([
      'isp.example ok smtp.isp.example 203.0.113.5',
    ]);
    expect(tell(lines, { relayhosts: ['[203.0.113.5]'] })).toEqual([]);
  });

  it.each([
    [{ excludeTransports: ['remote_*'] }, 0],
    [{ includeTransports: ['remote_smtp'] }, 1],
    [{ includeTransports: ['other'] }, 0],
    [{ excludeHosts: ['*.example.org'] }, 0],
    [{ excludeHosts: ['192.0.2.10'] }, 0],
    [{ includeHosts: ['mx1.*'] }, 1],
    [{ includeHosts: ['mx2.*'] }, 0],
  ])('%j leaves %i', (options, count) => {
    expect(tell(message(DELIVERED), options)).toHaveLength(count);
    const failed = message(
      `H=mx1.example.org [192.0.2.10]: a TLS session is required, but the server did not offer TLS support`,
      `== ${BOB} defer (-38) ${MX1}: a TLS session is required, but the server did not offer TLS support`,
    );
    expect(tell(failed, options)).toHaveLength(count);
  });

  it('LMTP is told by its greeting, its transport or its loopback address', () => {
    expect(tell(message(`=> ${BOB} ${MX1} PS=ls ${X} CV=yes`))).toEqual([]);
    expect(tell(message(`=> bob@example.org R=r T=dovecot_lmtp ${MX1} ${X} CV=yes`))).toEqual([]);
    const local = message(`=> ${BOB} H=localhost [127.0.0.1]:24 ${X} CV=no`);
    expect(tell(local)).toEqual([]);
    expect(tell(local, { loopback: true })).toHaveLength(1);
  });
});
