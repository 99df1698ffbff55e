/**
 * The world around the host that the guides are walked on, as a program of its own, for it runs inside a network
 * namespace: a validating resolver's answers and one mail server for everybody else. Takes the directory it shares with
 * the test, says `ready`, and ends with its standard input.
 */

import { createSocket } from 'node:dgram';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer, type DecodedPacket, decode, encode, type Packet } from 'dns-packet';
import { SMTPServer } from 'smtp-server';
import { RECEIVER, type Zone } from './zone.ts';

const AUTHENTIC = 0x20;
const NXDOMAIN = 3;
const directory = process.argv[2] ?? '.';
const mails = join(directory, 'mails');

/** Read anew each time, for the guides publish records as they go. */
function zone(): Zone {
  return JSON.parse(readFileSync(join(directory, 'zone.json'), 'utf8')) as Zone;
}

function reply(query: DecodedPacket): Packet {
  const question = query.questions?.[0];
  const found = question === undefined ? undefined : answers(question.name.toLowerCase(), question.type);
  return {
    type: 'response',
    ...(query.id !== undefined && { id: query.id }),
    flags: 0x0180 | AUTHENTIC | (found === undefined ? NXDOMAIN : 0),
    ...(query.questions !== undefined && { questions: query.questions }),
    answers: (found ?? []) as Answer[],
  };
}

/** Undefined: there is no such name. */
function answers(name: string, type: string): Answer[] | undefined {
  const { txt } = zone();
  const ttl = 300;
  if (name === RECEIVER.name) return type === 'A' ? [{ type, name, ttl, data: RECEIVER.address }] : [];
  const texts = txt[name] ?? asksForReports(name);
  if (texts !== undefined) {
    const data = (text: string) => text.match(/[\s\S]{1,255}/g) ?? [''];
    if (type === 'TXT') return texts.map((text) => ({ type, name, ttl, data: data(text) }));
  }
  if (name.startsWith('_') || name.includes('._')) return texts === undefined ? undefined : [];
  if (type === 'MX') return [{ type, name, ttl, data: { preference: 10, exchange: RECEIVER.name } }];
  return [];
}

/** Every domain asks. */
function asksForReports(name: string): string[] | undefined {
  const domain = /^_smtp\._tls\.(.+)$/.exec(name)?.[1];
  return domain === undefined ? undefined : [`v=TLSRPTv1; rua=mailto:tls-reports@${domain}`];
}

const dns = createSocket('udp4');
dns.on('message', (message, from) => dns.send(encode(reply(decode(message))), from.port, from.address));

mkdirSync(mails, { recursive: true });
let count = 0;
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  onData(stream, session, done) {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const to = session.envelope.rcptTo.map(({ address }) => address).join(' ');
      const name = `${String(++count).padStart(4, '0')} ${to}.eml`;
      writeFileSync(join(mails, name), Buffer.concat(chunks));
      done();
    });
  },
});

await new Promise<void>((resolve) => dns.bind(53, '127.0.0.1', resolve));
await new Promise<void>((resolve) => smtp.listen(25, RECEIVER.address, () => resolve()));
process.stdin.on('end', () => process.exit(0)).resume();
process.stdout.write('ready\n');
