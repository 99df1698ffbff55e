import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { CERTIFICATES } from './certificates.ts';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly message: Buffer;
}

interface Reply {
  readonly at: 'rcpt' | 'data';
  readonly code: number;
  readonly text?: string;
}

/** A real SMTP server on loopback. */
export interface SmtpReceiver {
  readonly port: number;
  readonly received: ReceivedMail[];
  /** Replies by recipient: a code for RCPT TO, or for the end of DATA. */
  readonly replies: Map<string, Reply>;
  /** Connections open now and at most. */
  readonly connections: { now: number; most: number };
  close(): Promise<void>;
}

export async function startSmtpReceiver(options: SMTPServerOptions = {}): Promise<SmtpReceiver> {
  const received: ReceivedMail[] = [];
  const replies: SmtpReceiver['replies'] = new Map();
  const connections = { now: 0, most: 0 };
  const refusal = ({ code, text = 'as the test wants it' }: Reply) =>
    Object.assign(new Error(text), { responseCode: code });
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    key: readFileSync(join(CERTIFICATES, 'receiver.key')),
    cert: readFileSync(join(CERTIFICATES, 'receiver.pem')),
    onConnect(_session, done) {
      connections.most = Math.max(connections.most, ++connections.now);
      done();
    },
    onClose() {
      connections.now--;
    },
    onRcptTo({ address }, _session, done) {
      const reply = replies.get(address);
      done(reply?.at === 'rcpt' ? refusal(reply) : null);
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const to = rcptTo.map(({ address }) => address);
        const reply = replies.get(to[0] ?? '');
        if (reply?.at === 'data') return done(refusal(reply));
        received.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to,
          message: Buffer.concat(chunks),
        });
        done(null, 'taken');
      });
    },
    ...options,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    replies,
    connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
