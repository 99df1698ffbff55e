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
const ABOUT_THE_MAIL = /^(?:RCPT TO|DATA|MAIL FROM|BDAT)/;

function smtpVerdict(error: NodemailerError): Handover {
  const reason = oneLine(error.response ?? error.message);
  const code = error.responseCode;
  if (code === undefined) return { kind: 'temporary', reason, unreachable: true };
  if (code >= 500 && ABOUT_THE_MAIL.test(error.command ?? '')) return { kind: 'permanent', reason };
  return {
    kind: 'temporary',
    reason,
    ...(!ABOUT_THE_MAIL.test(error.command ?? '') && { unreachable: true }),
  };
}
