import { createHash, X509Certificate } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import packet, { type Answer, type Packet, type Question } from 'dns-packet';
import type { Receiver, World } from './plan.ts';
import type { Identity } from './receiver.ts';

const AUTHENTIC = 0x20;
const SERVFAIL = 2;
const NXDOMAIN = 3;

/** A resolver that knows only this world, and says AD for what lies under `.example`. */
export function startNameserver(world: World, identities: ReadonlyMap<string, Identity>): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (message, client) => {
    const query = packet.decode(message);
    const question = query.questions?.[0];
    if (question === undefined) return;
    socket.send(packet.encode(reply(world, identities, query, question)), client.port, client.address);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(53, world.resolver, () => resolve(socket));
  });
}

function reply(
  world: World,
  identities: ReadonlyMap<string, Identity>,
  query: Packet,
  question: Question,
): Packet {
  const name = question.name.toLowerCase();
  const answers = find(world, identities, name, question);
  const flags =
    packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | (name.endsWith('.example') ? AUTHENTIC : 0);
  const rcode = answers === 'servfail' ? SERVFAIL : answers === 'nxdomain' ? NXDOMAIN : 0;
  return {
    type: 'response',
    ...(query.id !== undefined && { id: query.id }),
    flags: flags | rcode,
    questions: [question],
    answers: typeof answers === 'string' ? [] : answers,
  };
}

function find(
  world: World,
  identities: ReadonlyMap<string, Identity>,
  name: string,
  question: Question,
): Answer[] | 'servfail' | 'nxdomain' {
  const domain = world.domains.find((one) => one.name === name);
  if (domain !== undefined) {
    if (question.type !== 'MX') return [];
    return domain.hosts.map((exchange, index) => ({
      type: 'MX' as const,
      name: question.name,
      ttl: 60,
      data: { preference: 10 * (index + 1), exchange },
    }));
  }
  const host = world.receivers.find((one) => one.name === name || name === `_25._tcp.${one.name}`);
  if (host === undefined) return 'nxdomain';
  if (name.startsWith('_25.')) return question.type === 'TLSA' ? tlsa(host, identities, question.name) : [];
  if (question.type !== 'A') return [];
  return [{ type: 'A', name: question.name, ttl: 60, data: host.address }];
}

function tlsa(
  host: Receiver,
  identities: ReadonlyMap<string, Identity>,
  name: string,
): Answer[] | 'servfail' | 'nxdomain' {
  if (host.tlsa === undefined) return 'nxdomain';
  if (host.tlsa === 'servfail') return 'servfail';
  const identity = identities.get(host.name);
  if (identity === undefined) return 'nxdomain';
  const key = new X509Certificate(identity.cert).publicKey.export({ type: 'spki', format: 'der' });
  const material = host.tlsa === 'match' ? key : Buffer.from('another key');
  const certificate = createHash('sha256').update(material).digest();
  const data = { usage: 3, selector: 1, matchingType: 1, certificate };
  return [{ type: 'TLSA', name, ttl: 60, data }];
}
