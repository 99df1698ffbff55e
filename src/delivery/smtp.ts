import type { NodemailerError } from 'nodemailer';
import type { Config } from '../config.ts';
import { isLoopback, toAddress } from '../domain.ts';
import { type Handover, oneLine } from './handover.ts';

/** A way for finished mails. */
export interface MailWay {
  send(mail: { readonly from: string; readonly to: string; readonly message: Uint8Array }): Promise<Handover>;
  close(): void;
}

/**
 * Mails over SMTP to the local MTA or a smart host, over a few connections that are kept. nodemailer is loaded with
 * the first of them.
 */
export async function smtpWay(mail: Config['mail'], password: string | undefined): Promise<MailWay> {
  const { createTransport } = await import('nodemailer');
  const { host, port, secure } = smtpAddress(mail.via);
  const transport = createTransport({
    pool: true,
    maxConnections: mail.connections,
    host,
    port,
    secure,
    ...tlsRules(mail, host),
    ...(mail.user !== undefined && password !== undefined && { auth: { user: mail.user, pass: password } }),
    connectionTimeout: 20_000,
    greetingTimeout: 60_000,
    socketTimeout: 120_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ from, to, message }) {
      try {
        const info = await transport.sendMail({ envelope: { from, to }, raw: Buffer.from(message) });
        return { kind: 'sent', note: oneLine(info.response) };
      } catch (error) {
        return smtpVerdict(error as NodemailerError);
      }
    },
    close: () => transport.close(),
  };
}

function smtpAddress(via: string): { host: string; port: number; secure: boolean } {
  const secure = via.startsWith('smtps:');
  const [, host = '', port] = /^smtps?:\/\/(\[.*\]|[^:]*)(?::(\d+))?$/.exec(via) ?? [];
  return { host: toAddress(host) ?? host, port: Number(port ?? (secure ? 465 : 25)), secure };
}

/** A password goes out only over a checked connection; without one, TLS is a gift, and any certificate will do. */
function tlsRules(mail: Config['mail'], host: string): object {
  const local = host === 'localhost' || isLoopback(host);
  if (mail.via.startsWith('smtps:')) return { tls: { rejectUnauthorized: !local } };
  if (mail.tls === 'none' || (mail.tls === 'auto' && local)) return { ignoreTLS: true };
  if (mail.tls === 'required' || mail.user !== undefined) return { requireTLS: true };
  return { opportunisticTLS: true, tls: { rejectUnauthorized: false } };
}

/** Commands whose 5xx is a verdict on this very mail; any other speaks of us, and passes once it is mended. */
const ABOUT_THE_MAIL = /^(?:MAIL FROM|RCPT TO|DATA|BDAT)/;

/** "Log in first", "relay access denied" (RFC 3463 §3.8): a fault of our own set-up, before the mail was even seen. */
const ABOUT_US = /^5\d\d[ -]5\.7\.|^530/;

function smtpVerdict(error: NodemailerError): Handover {
  const reply = error.response ?? error.message;
  const reason = oneLine(reply);
  const command = error.command ?? '';
  if (error.responseCode === undefined || !ABOUT_THE_MAIL.test(command))
    return { kind: 'temporary', reason, unreachable: true };
  const beforeData = /^(?:MAIL|RCPT)/.test(command);
  if (error.responseCode < 500 || (beforeData && ABOUT_US.test(reply))) return { kind: 'temporary', reason };
  return { kind: 'permanent', reason, ...(command.startsWith('RCPT') && { bounced: true }) };
}
