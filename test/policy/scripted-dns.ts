import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { type DecodedPacket, decode, encode, type Packet } from 'dns-packet';

/** A query as a scripted server saw it. */
export interface Seen {
  readonly packet: DecodedPacket;
  readonly name: string;
  readonly type: string;
  readonly byTcp: boolean;
  /** The port the client asked from. */
  readonly port: number;
}

/** Answers a query with any number of raw messages, sent in order. */
export type Script = (seen: Seen) => readonly (Packet | Buffer)[] | Promise<readonly (Packet | Buffer)[]>;

export interface ScriptedDns {
  readonly address: string;
  readonly port: number;
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** A DNS server on loopback, UDP and TCP on one port, that says what the test tells it to, right or wrong. */
export async function scriptedDns(script: Script): Promise<ScriptedDns> {
  const seen: Seen[] = [];
  const read = (data: Buffer, byTcp: boolean, port: number): Seen => {
    const packet = decode(data);
    const [question] = packet.questions ?? [];
    const query = { packet, name: question?.name ?? '', type: question?.type ?? '', byTcp, port };
    seen.push(query);
    return query;
  };
  const tcp = createServer((socket) =>
    serveTcp(socket, (data) => script(read(data, true, socket.remotePort ?? 0))),
  );
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const address = tcp.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const udp = createSocket('udp4');
  udp.on('message', async (data, from) => {
    for (const message of await script(read(data, false, from.port)))
      udp.send(toBytes(message), from.port, from.address);
  });
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
  return {
    address: '127.0.0.1',
    port,
    seen,
    async close() {
      udp.close();
      await new Promise((resolve) => tcp.close(resolve));
    },
  };
}

function serveTcp(socket: Socket, answer: (data: Buffer) => ReturnType<Script>): void {
  socket.on('error', () => {});
  socket.on('data', async (chunk: Buffer) => {
    for (const message of await answer(chunk.subarray(2))) {
      const data = toBytes(message);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(data.length);
      // In two pieces: a reader must not take one chunk for one message.
      socket.write(Buffer.concat([length, data.subarray(0, 7)]));
      setTimeout(() => socket.write(data.subarray(7)), 5);
    }
  });
}

function toBytes(message: Packet | Buffer): Buffer {
  return Buffer.isBuffer(message) ? message : encode(message);
}

const RESPONSE = { type: 'response' } as const;
export const FLAGS = { authentic: 1 << 5, recursion: 1 << 7, truncated: 1 << 9 } as const;

/** A reply to a query: same id and question, whatever else the test wants. */
export function replyTo(seen: Seen, rest: Packet & { readonly rcode?: number }): Packet {
  const { rcode = 0, flags = 0, ...parts } = rest;
  return {
    ...RESPONSE,
    id: seen.packet.id,
    flags: FLAGS.recursion | flags | rcode,
    questions: seen.packet.questions,
    ...parts,
  };
}
