import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { decodeReply, encodeQuery, type Question, type Reply } from './dns-wire.ts';
import type { DnsServer } from './resolv-conf.ts';

/** Flags of a query (RFC 4035 §3.2.2, RFC 6891). */
export interface QueryOptions {
  readonly checkingDisabled: boolean;
  readonly edns: boolean;
}

/** What one try at one server came to. */
export type Exchange =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'silence' }
  | { readonly kind: 'unreachable'; readonly reason: string };

/**
 * Asks one server once: by UDP, and by TCP if the reply was cut off. A connected socket on a random port with a random
 * id takes replies from that server only; a reply that does not fit the question is passed over (RFC 5452 §9).
 */
export async function exchange(
  server: DnsServer,
  question: Question,
  options: QueryOptions,
  timeoutMs: number,
): Promise<Exchange> {
  const byUdp = await askUdp(server, question, options, timeoutMs);
  if (byUdp.kind !== 'reply' || !byUdp.reply.truncated) return byUdp;
  return askTcp(server, question, options, timeoutMs);
}

function askUdp(
  server: DnsServer,
  question: Question,
  options: QueryOptions,
  timeoutMs: number,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const id = randomInt(0x1_0000);
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
    const end = (result: Exchange): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(result);
    };
    const timer = setTimeout(() => end({ kind: 'silence' }), timeoutMs);
    socket.on('error', (error) => end({ kind: 'unreachable', reason: error.message }));
    socket.on('message', (data) => {
      const reply = decodeReply(data, id, question);
      if (reply !== undefined) end({ kind: 'reply', reply });
    });
    // Without a callback of its own a connect that fails (no route) comes as an error, as all else does.
    socket.on('connect', () => {
      socket.send(encodeQuery(id, question, options), (error) => {
        if (error) end({ kind: 'unreachable', reason: error.message });
      });
    });
    socket.connect(server.port, server.address);
  });
}

function askTcp(
  server: DnsServer,
  question: Question,
  options: QueryOptions,
  timeoutMs: number,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const id = randomInt(0x1_0000);
    const socket = connect(server.port, server.address);
    const chunks: Buffer[] = [];
    const end = (result: Exchange): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end({ kind: 'silence' }), timeoutMs);
    socket.on('error', (error) => end({ kind: 'unreachable', reason: error.message }));
    socket.on('close', () => end({ kind: 'unreachable', reason: 'connection closed early' }));
    socket.on('connect', () => {
      const query = encodeQuery(id, question, options);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const message = wholeMessage(chunks);
      if (message === undefined) return;
      const reply = decodeReply(message, id, question);
      if (reply === undefined || reply.truncated)
        end({ kind: 'unreachable', reason: 'unreadable reply by TCP' });
      else end({ kind: 'reply', reply });
    });
  });
}

/** The first message of a TCP stream once it is whole: two bytes of length go before it (RFC 1035 §4.2.2). */
function wholeMessage(chunks: Buffer[]): Buffer | undefined {
  const data = Buffer.concat(chunks);
  chunks.splice(0, chunks.length, data);
  if (data.length < 2 || data.length < 2 + data.readUInt16BE(0)) return undefined;
  return data.subarray(2, 2 + data.readUInt16BE(0));
}
