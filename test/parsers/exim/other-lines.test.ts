import { expect, it } from 'vitest';
import { ID, MX1, message, OK, ROUTE, read, rules, tell, X } from './reading.ts';

const BOB = `bob@example.org ${ROUTE}`;
const DELIVERED = `=> ${BOB} ${MX1} ${X} CV=yes ${OK}`;

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

it.each([
  '=> :blackhole: <drop@corp.example> R=system_aliases',
  '=> discarded <drop@corp.example> R=userforward',
  '=> discarded (system filter)',
  '=> blackhole (DATA ACL discarded message)',
  '=> blackhole (RCPT ACL discarded recipients): as told',
  '=> /dev/null <drop@corp.example> R=system_aliases T=**bypassed**',
  '=> >a@b.example <x@corp.example> R=vacation T=**bypassed**',
])('is a local delivery: %s', (text) => {
  expect(rules(message(text))).toEqual(['delivery-local']);
  expect(tell(message(text, DELIVERED, text, 'Completed'))).toHaveLength(1);
});

it.each([
  '=> :blackhole: <drop@corp.example>',
  `=> blackhole (x) ${MX1} ${X}`,
  `=> :blackhole: <drop@corp.example> R=r ${MX1} ${X}`,
])('is not known to be one: %s', (text) => {
  expect(rules(message(text))).toEqual(['unknown']);
});
