import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { readExim } from '../../src/policy/exim-settings.ts';
import { readPostfix } from '../../src/policy/postfix-settings.ts';
import { sendingAddresses, withSendingAddress } from '../../src/policy/sending-address.ts';
import type { Session } from '../../src/session.ts';

const session: Session = {
  time: 0,
  recipientDomain: 'a.example',
  outcome: 'failure',
  resultType: 'starttls-not-supported',
  receivingIp: '192.0.2.1',
  basis: 'tls-line',
};
const V6 = { ...session, receivingIp: '2001:db8::1' };
const BOTH = { v4: '198.51.100.7', v6: '2001:db8::7' };

test('the address of the receiver’s family', () => {
  expect(withSendingAddress(session, BOTH).sendingMtaIp).toBe('198.51.100.7');
  expect(withSendingAddress(V6, BOTH).sendingMtaIp).toBe('2001:db8::7');
  expect(withSendingAddress(V6, { v4: '198.51.100.7' })).toBe(V6);
});

test('what the log tells stands; without a connection there is none', () => {
  const told = { ...session, sendingMtaIp: '203.0.113.9' };
  expect(withSendingAddress(told, BOTH)).toBe(told);
  const { receivingIp: _, ...unconnected } = session;
  expect(withSendingAddress(unconnected, BOTH)).toBe(unconnected);
  expect(withSendingAddress(session, undefined)).toBe(session);
});

test('bound addresses go before routes', async () => {
  const postfix = readPostfix('smtp_bind_address = 198.51.100.7\nsmtp_bind_address6 = [2001:db8::7]\n');
  expect(await sendingAddresses('postfix', { postfix })).toEqual(BOTH);
  const exim = readExim(
    'Exim version 4.96 #2\n',
    '\nsmtp transport:\ndriver = smtp\ninterface = 198.51.100.8\n',
  );
  expect(await sendingAddresses('exim', { postfix, exim })).toMatchObject({ v4: '198.51.100.8' });
});

test('none of an MTA that does not show whether it is bound to one', async () => {
  expect(await sendingAddresses('exim', { hidden: ['exim'] })).toEqual({});
  expect(await sendingAddresses('postfix', { hidden: ['postfix'] })).toEqual({});
});

test('else the source the kernel would take, which is an address of this host, or none', async () => {
  const found = await sendingAddresses('postfix', {});
  const own = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  );
  for (const address of Object.values(found)) expect(own).toContain(address);
});
