import { createSocket, type Socket } from 'node:dgram';
import { decode, encode, type Packet } from 'dns-packet';

/** A name server for one purpose: answers TXT questions from a table, everything else with NXDOMAIN. */
export interface TxtServer {
  /** `127.0.0.1:port`, as `dns.servers` takes it. */
  readonly address: string;
  close(): Promise<void>;
}

/** @param txt gives the strings of a name's TXT record; undefined: there is none. */
export async function startTxtServer(
  txt: (name: string) => readonly string[] | undefined,
): Promise<TxtServer> {
  const socket = createSocket('udp4');
  socket.on('message', (data, peer) => {
    const query = decode(data);
    const reply = encode(answer(query, txt));
    socket.send(reply, peer.port, peer.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${socket.address().port}`, close: () => closed(socket) };
}

function answer(query: Packet, txt: (name: string) => readonly string[] | undefined): Packet {
  const question = query.questions?.[0];
  const found = question?.type === 'TXT' ? txt(question.name.toLowerCase()) : undefined;
  const known = question !== undefined && found !== undefined;
  return {
    type: 'response',
    ...(query.id !== undefined && { id: query.id }),
    // RD and RA; the response code stands in the low four bits: 3 is NXDOMAIN.
    flags: 0x0180 | (known ? 0 : 3),
    ...(query.questions !== undefined && { questions: query.questions }),
    answers: known ? [{ type: 'TXT', name: question.name, ttl: 60, data: [...found] }] : [],
  };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(resolve));
}
