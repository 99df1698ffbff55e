import { describe, expect, it } from 'vitest';
import { ID, MX0, MX1, message, OK, ROUTE, read, rules, tell, X } from './reading.ts';

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

describe('failures', () => {
  const required = 'a TLS session is required, but the server did not offer TLS support';
  const notOffered =
    'example.org starttls-not-supported (the server did not offer TLS support) mx1.example.org 192.0.2.10';

  it.each<[string, string[], string[]]>([
    [
      'F1 with a port',
      [
        `TLS session: (gnutls_handshake): timed out: delivering unencrypted to ${MX1}:25 (not in hosts_require_tls)`,
        `=> ${BOB} ${MX1}:25 ${OK}`,
      ],
      ['example.org validation-failure (gnutls_handshake: timed out) mx1.example.org 192.0.2.10'],
    ],
    [
      'F1 before a deferral in clear text',
      [
        `TLS session: synch error before connect: delivering unencrypted to ${MX1} (not in hosts_require_tls)`,
        `== ${BOB} defer (-44) ${MX1}: SMTP error from remote mail server after RCPT TO:<bob@example.org>: 450 x`,
      ],
      ['example.org validation-failure (synch error before connect) mx1.example.org 192.0.2.10'],
    ],
    [
      'F2 with the host fields of 4.95',
      [
        `== ${BOB} defer (-37) H=mx1.example.org DS [192.0.2.10]:25 I=[198.51.100.7]:4711 DT=0.1s: TLS session: (handshake): ALPN required but not negotiated`,
      ],
      [
        'example.org validation-failure (handshake: ALPN required but not negotiated) mx1.example.org 192.0.2.10',
      ],
    ],
    [
      'F4 before F2',
      [
        `[192.0.2.10] SSL verify error: certificate name mismatch: DN="/CN=x" H="evil.example" H="mx1.example.org"`,
        `== ${BOB} defer (-37) ${MX1}: TLS session: (SSL_connect): error:0A000086:SSL routines::certificate verify failed`,
      ],
      ['example.org certificate-host-mismatch (certificate name mismatch) mx1.example.org 192.0.2.10'],
    ],
    [
      'F3 of the first host, taken by the second',
      [
        `[192.0.2.9] SSL verify error: depth=0 error=certificate has expired cert=/CN=mx0`,
        DELIVERED,
        'Completed',
      ],
      ['example.org certificate-expired (certificate has expired) - 192.0.2.9', OK1],
    ],
    [
      'several F3 of the first host: verification was optional',
      [
        `[192.0.2.9] SSL verify error: depth=0 error=a cert=/CN=mx0`,
        `[192.0.2.9] SSL verify error: depth=0 error=b cert=/CN=mx0`,
        DELIVERED,
        'Completed',
      ],
      [OK1],
    ],
    [
      'F3 of a host that went on to refuse the mail',
      [
        `[192.0.2.9] SSL verify error: depth=0 error=self-signed certificate cert=/CN=mx0`,
        `${MX0}: SMTP error from remote mail server after MAIL FROM:<a@b.example>: 451 later`,
        DELIVERED,
        'Completed',
      ],
      [OK1],
    ],
    [
      'F6, and the same host in a second run',
      [
        `DANE attempt failed; TLS connection to mx1.example.org [192.0.2.10]: (SSL_connect): error:0A000086:SSL routines::certificate verify failed`,
        `== ${BOB} defer (-37) ${MX1}: TLS session: (SSL_connect): error:0A000086:SSL routines::certificate verify failed`,
        `+900 DANE attempt failed; TLS connection to mx1.example.org [192.0.2.10]: (SSL_connect): error:0A000086:SSL routines::certificate verify failed`,
        `== ${BOB} defer (-37) ${MX1}: TLS session: (SSL_connect): error:0A000086:SSL routines::certificate verify failed`,
      ],
      Array(2).fill(
        'example.org certificate-not-trusted (SSL_connect: certificate verify failed) mx1.example.org 192.0.2.10 tlsa',
      ),
    ],
    [
      'F7 of the first host, taken by the second',
      [`${MX0}: DANE error: tlsa lookup DEFER`, DELIVERED, 'Completed'],
      ['example.org dnssec-invalid (tlsa lookup DEFER) mx0.example.org 192.0.2.9 tlsa', OK1],
    ],
    [
      'F7 of two recipients',
      [
        `${MX1}:25: DANE error: tlsa lookup DEFER`,
        `== ${BOB} defer (-36): DANE error: tlsa lookup DEFER`,
        `== eve@example.org ${ROUTE} defer (-36): DANE error: tlsa lookup DEFER`,
      ],
      ['example.org dnssec-invalid (tlsa lookup DEFER) mx1.example.org 192.0.2.10 tlsa'],
    ],
    [
      'F7 of two domains with the same host',
      [
        `${MX1}: DANE error: tlsa lookup DEFER`,
        `== ${BOB} defer (-36) DT=2s: DANE error: tlsa lookup DEFER`,
        `== eve@example.net ${ROUTE} defer (-36) DT=2s: DANE error: tlsa lookup DEFER`,
      ],
      [
        'example.net dnssec-invalid (tlsa lookup DEFER) mx1.example.org 192.0.2.10 tlsa',
        'example.org dnssec-invalid (tlsa lookup DEFER) mx1.example.org 192.0.2.10 tlsa',
      ],
    ],
    [
      'F8 with F10',
      [
        'DANE error: TLSA lookup for mx1.example.org not DNSSEC',
        `** ${BOB} : DANE error: tlsa lookup FAIL`,
        `** eve@example.org ${ROUTE} : DANE error: tlsa lookup FAIL`,
      ],
      ['example.org dane-required (tlsa lookup FAIL) - - tlsa'],
    ],
    [
      'F9',
      [`** ${BOB}: DANE error: mx1.example.org lookup not DNSSEC`],
      ['example.org dane-required (name lookup not DNSSEC) - - tlsa'],
    ],
    [
      'F11, and Exim dies of it',
      [
        'DANE error: No usable TLSA records',
        'SIGSEGV (fault address: (nil))',
        `== ${BOB} defer (-1): smtp transport process returned non-zero status 0x000b: terminated by signal 11`,
      ],
      ['example.org tlsa-invalid (No usable TLSA records) - - tlsa'],
    ],
    [
      'GnuTLS’s TLSA record problem',
      [
        `DANE attempt failed; TLS connection to mx1.example.org [192.0.2.10]: (certificate verification failed): TLSA record problem: none usable`,
        `== ${BOB} defer (-37) ${MX1}: TLS session: (certificate verification failed): TLSA record problem: none usable`,
      ],
      ['example.org tlsa-invalid (No usable TLSA records) mx1.example.org 192.0.2.10 tlsa'],
    ],
    [
      'F12 of two recipients',
      [
        `${MX1}: ${required}`,
        `== ${BOB} defer (-38) ${MX1}: ${required}`,
        `== eve@example.org ${ROUTE} defer (-38) ${MX1}: ${required}`,
      ],
      [notOffered],
    ],
    [
      'F12 of two domains in one session',
      [
        `${MX1}: ${required}`,
        `== ${BOB} defer (-38) ${MX1}: ${required}`,
        `== eve@example.net ${ROUTE} defer (-38) ${MX1}: ${required}`,
      ],
      [notOffered.replace('example.org', 'example.net'), notOffered],
    ],
    [
      'F13',
      [
        `${MX1}: a TLS session is required, but an attempt to start TLS failed`,
        `== ${BOB} defer (-38) ${MX1}: a TLS session is required, but an attempt to start TLS failed`,
      ],
      ['example.org starttls-not-supported (an attempt to start TLS failed) mx1.example.org 192.0.2.10'],
    ],
    [
      'F15 in the order of 4.94',
      [
        `${MX1}: SMTP timeout after STARTTLS: Connection timed out`,
        `** ${BOB} ${MX1}: Connection timed out: SMTP timeout after STARTTLS: retry timeout exceeded`,
      ],
      ['example.org validation-failure (SMTP timeout after STARTTLS) mx1.example.org 192.0.2.10'],
    ],
    [
      'F19 revoked',
      [
        'Server certificate revoked; reason: keyCompromise',
        `== ${BOB} defer (-37) ${MX1}: TLS session: (SSL_connect) Server certificate revoked; reason: keyCompromise`,
      ],
      [
        'example.org certificate-not-trusted (SSL_connect: Server certificate revoked) mx1.example.org 192.0.2.10',
      ],
    ],
    [
      'F19 of GnuTLS',
      [`== ${BOB} defer (-37) ${MX1}: TLS session: (certificate status check failed)`],
      ['example.org validation-failure (certificate status check failed) mx1.example.org 192.0.2.10'],
    ],
    [
      'F20',
      [
        'Connection aborted; STARTTLS support by mx1.example.org [192.0.2.10] required by DNS SRV but STARTTLS not offered',
        `== ${BOB} defer (-38) ${MX1}: x`,
      ],
      [notOffered],
    ],
    [
      'F22',
      [
        `** ${BOB} ${MX1} : TLS session: (certificate verification failed): certificate invalid: retry timeout exceeded`,
      ],
      [
        'example.org certificate-not-trusted (certificate verification failed: certificate invalid) mx1.example.org 192.0.2.10',
      ],
    ],
    [
      'F22 of F12',
      [`${MX1}: ${required}`, `** ${BOB} ${MX1} : ${required}: retry timeout exceeded`],
      [notOffered],
    ],
    [
      'a repeated old failure',
      [
        `** bob@example.org: retry timeout exceeded`,
        `** eve@example.org <eve@corp.example>: retry timeout exceeded`,
      ],
      [],
    ],
  ])('%s', (_name, texts, expected) => {
    expect(tell(message(...texts))).toEqual([...expected].sort());
    expect(rules(message(...texts))).not.toContain('unknown');
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

  it.each<[string, string[], string]>([
    [
      '4.84: the error on its own line',
      [
        'TLS error on connection to mx1.example.org [192.0.2.10] (gnutls_handshake): timed out',
        `== ${BOB} defer (-37): failure while setting up TLS session`,
      ],
      'example.org validation-failure (gnutls_handshake: timed out) mx1.example.org 192.0.2.10',
    ],
    [
      '4.84: not offered',
      [
        'a TLS session is required for mx1.example.org [192.0.2.10], but the server did not offer TLS support',
        `== ${BOB} defer (-38): a TLS session is required for mx1.example.org [192.0.2.10], but the server did not offer TLS support`,
      ],
      notOffered,
    ],
    [
      '4.84: closed',
      [
        `== ${BOB} defer (-18): Remote host mx1.example.org [192.0.2.10] closed connection in response to STARTTLS`,
      ],
      'example.org validation-failure (Remote host closed connection in response to STARTTLS) mx1.example.org 192.0.2.10',
    ],
    [
      '4.84: timed out',
      [
        'SMTP timeout while connected to mx1.example.org [192.0.2.10] after STARTTLS: Connection timed out',
        `== ${BOB} defer (110): Connection timed out: SMTP timeout while connected to mx1.example.org [192.0.2.10] after STARTTLS`,
      ],
      'example.org validation-failure (SMTP timeout after STARTTLS) mx1.example.org 192.0.2.10',
    ],
    [
      '4.84: refused',
      [
        'SMTP error from remote mail server after STARTTLS: host mx1.example.org [192.0.2.10]: 454 no',
        `== ${BOB} defer (0): SMTP error from remote mail server after STARTTLS: host mx1.example.org [192.0.2.10]: 454 no`,
      ],
      'example.org starttls-not-supported (STARTTLS: 454) mx1.example.org 192.0.2.10',
    ],
    [
      '4.89: required, the host on the deferral',
      [
        `${MX1} TLS error on connection (SSL_connect): error:14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure`,
        `== ${BOB} defer (-37) ${MX1}: failure while setting up TLS session`,
      ],
      'example.org validation-failure (SSL_connect: sslv3 alert handshake failure) mx1.example.org 192.0.2.10',
    ],
  ])('%s', (_name, texts, expected) => {
    expect(tell(message(...texts))).toEqual([expected]);
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

  it('leaves the policy open where DANE may be why TLS was required', () => {
    const failed = [`${MX1}: ${required}`, `== ${BOB} defer (-38) ${MX1}: ${required}`];
    expect(read(message(...failed))[0]?.policyTypeHint).toBe('no-policy-found');
    const fallback = `TLS session: (SSL_connect): timed out: delivering unencrypted to ${MX0} (not in hosts_require_tls)`;
    expect(read(message(fallback, `=> ${BOB} ${MX0} ${OK}`, ...failed))[1]?.policyTypeHint).toBeUndefined();
  });
});

describe('clear text', () => {
  const clear = (to: string, host: string, confirmation = OK) => `=> ${to} ${ROUTE} ${host} ${confirmation}`;
  const inferred =
    'example.org starttls-not-supported (inferred: delivered without TLS) mx1.example.org 192.0.2.10';
  const receivers = Array.from({ length: 12 }, (_, at) =>
    clear('bob@example.org', `H=mx1.example.org [192.0.2.${at + 10}]`),
  );

  it('is read as a failure where the log shows TLS, before or after', () => {
    const bare = clear('bob@example.org', MX1, '');
    const shown = `=> eve@example.net ${ROUTE} ${MX0} ${X} CV=no ${OK}`;
    expect(tell(message(shown, bare))).toHaveLength(1);
    expect(tell(message(bare, shown))).toHaveLength(1);
    expect(tell(message(clear('bob@example.org', MX1), shown))).toContain(inferred);
    expect(tell(message(`=> eve@example.net ${ROUTE} ${MX0} ${X} CV=no`, bare))).toContain(inferred);
    expect(tell(message(bare, `=> eve@example.net ${ROUTE} ${MX0} ${X} CV=no`))).toContain(inferred);
    expect(read(message(clear('bob@example.org', MX1)))[0]?.basis).toBe('inferred');
  });

  it('is not read so where the log_selector is bare', () => {
    expect(tell(message(clear('bob@example.org', MX1, '')))).toEqual([]);
  });

  it('is not read so where nobody gets TLS', () => {
    expect(tell(message(...receivers))).toEqual([]);
    expect(tell(message(...receivers, `=> eve@example.net ${ROUTE} ${MX0} ${X} CV=no`))).toHaveLength(1);
    const line = clear('bob@example.org', MX1);
    const many = message(...Array.from({ length: 45 }, () => `+60 ${line}`));
    expect(tell(many)).toEqual([]);
  });

  it('is not read so when told not to', () => {
    const lines = message(`=> eve@example.net ${ROUTE} ${MX0} ${X} CV=no`, clear('bob@example.org', MX1));
    expect(tell(lines, { inferPlaintext: false })).toHaveLength(1);
  });

  it('PS=es proves that STARTTLS was refused', () => {
    const lines = message(...receivers, `=> ${BOB} ${MX1} PS=es ${OK}`);
    expect(tell(lines)).toEqual([inferred]);
  });

  it('refused recipients and deferrals in clear text say nothing', () => {
    const lines = message(
      `** ${BOB} ${MX1}: SMTP error from remote mail server after RCPT TO:<bob@example.org>: 550 no`,
      `== eve@example.org ${ROUTE} defer (-44) ${MX1}: SMTP error from remote mail server after RCPT TO:<eve@example.org>: 450 no`,
    );
    expect(tell(lines)).toEqual([]);
  });
});

it('lines without a message id, and of other kinds, tell nothing', () => {
  const lines = [
    '2026-03-02 10:20:30 TLS error on connection from x [198.51.100.20] (SSL_accept): timed out',
    `2026-03-02 10:20:30 ${DELIVERED}`,
    '2026-03-02 10:20:30 [192.0.2.9] SSL verify error (during R-verify for [198.51.100.20]): depth=0 error=self-signed certificate cert=/CN=x',
    `2026-03-02 10:20:30 ${ID} TLS session: (SSL_connect): timed out: callout unencrypted to mx1.example.org [192.0.2.10] (not in hosts_require_tls)`,
    `2026-03-02 10:20:30 ${ID} TLS error (SSL_read): on 3: something`,
    `2026-03-02 10:20:30 ${ID} SSL_write: (from mx1.example.org) syscall: Broken pipe`,
    `2026-03-02 10:20:30 ${ID} == ${BOB} routing defer (-52): retry time not reached`,
    `2026-03-02 10:20:30 ${ID} Spool file 1xVZOu-000000004YM-1YJW-D is locked`,
    'Exim configuration error in line 8 of /etc/exim4/exim4.conf:',
    `P Received: from x by y with esmtps (${X})`,
    '',
  ];
  expect(read(lines)).toEqual([]);
  expect(rules(lines)).toEqual([
    'no-message',
    'no-message',
    'no-message',
    'callout',
    'mid-session-noise',
    'mid-session-noise',
    'no-connection',
    'other',
  ]);
});
