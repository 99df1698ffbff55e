import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Session } from '../session.ts';
import type { LocalMta } from './local-mta.ts';

/** The addresses this host's mail leaves from; one is absent where that family has no route. */
export interface SendingAddresses {
  readonly v4?: string;
  readonly v6?: string;
}

/** Documentation addresses (RFC 5737, RFC 3849): they follow the default route, and nothing is sent to them. */
const FAR = { v4: '192.0.2.1', v6: '2001:db8::1' } as const;
const ANY_PORT = 25;

/**
 * Where mail of a parser's MTA leaves from (`sending-mta-ip: auto`): the address it is bound to (postfix:
 * smtp_bind_address, smtp_bind_address6; exim: interface), else the source the kernel chooses for the default route. Of an MTA that does not show its settings
 * nobody knows whether it is bound, so there is none.
 */
export async function sendingAddresses(parser: string, local: LocalMta): Promise<SendingAddresses> {
  if (local.hidden?.some((name) => name === parser) === true) return {};
  const bound = parser === 'exim' ? eximBound(local) : postfixBound(local);
  const v4 = bound.v4 ?? (await routeSource('v4'));
  const v6 = bound.v6 ?? (await routeSource('v6'));
  return { ...(v4 !== undefined && { v4 }), ...(v6 !== undefined && { v6 }) };
}

function postfixBound({ postfix }: LocalMta): SendingAddresses {
  return {
    ...(postfix?.bindAddress !== undefined && { v4: postfix.bindAddress }),
    ...(postfix?.bindAddress6 !== undefined && { v6: postfix.bindAddress6 }),
  };
}

function eximBound({ exim }: LocalMta): SendingAddresses {
  const address = exim?.interfaceAddress;
  if (address === undefined) return {};
  return isIPv6(address) ? { v6: address } : { v4: address };
}

/** A connected UDP socket knows its source; connecting sends nothing. */
function routeSource(family: 'v4' | 'v6'): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(family === 'v4' ? 'udp4' : 'udp6');
    const end = (address?: string): void => {
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(address);
    };
    socket.on('error', () => end());
    socket.on('connect', () => end(socket.address().address));
    socket.connect(ANY_PORT, FAR[family]);
  });
}

/** Fills in the address of the receiver's family where the log does not tell it and there was a connection. */
export function withSendingAddress(session: Session, addresses: SendingAddresses | undefined): Session {
  if (addresses === undefined || session.sendingMtaIp !== undefined || session.receivingIp === undefined) {
    return session;
  }
  const sendingMtaIp = isIPv6(session.receivingIp) ? addresses.v6 : addresses.v4;
  return sendingMtaIp === undefined ? session : { ...session, sendingMtaIp };
}
