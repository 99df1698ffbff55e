import { afterAll, beforeAll, expect, it } from 'vitest';
import { reportSchema } from '../../../src/report/schema.ts';
import { DAY, openLab, sampleReport } from '../../delivery/lab.ts';
import { takeApart, verifySignatures } from '../../delivery/received-mail.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../../receivers/smtp.ts';
import { RECEIVERS } from '../../report/receivers.ts';
import { type Postfix, startPostfix } from './postfix.ts';

let receiver: SmtpReceiver;
let postfix: Postfix;
beforeAll(async () => {
  receiver = await startSmtpReceiver();
  postfix = await startPostfix(receiver.port);
});
afterAll(async () => {
  postfix?.stop();
  await receiver.close();
});

async function arrival(to: string) {
  for (let wait = 0; wait < 300; wait++) {
    const mail = receiver.received.find((one) => one.to.includes(to));
    if (mail !== undefined) return mail;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail to ${to} came through Postfix:\n${postfix.log()}`);
}

it.each(['sendmail', 'smtp'])(
  'by %s through a real Postfix: arrives whole, both signatures hold, the document is valid',
  async (way) => {
    const lab = await openLab({
      mail:
        way === 'sendmail'
          ? { via: 'sendmail', sendmail: postfix.sendmail }
          : { via: `smtp://127.0.0.1:${postfix.port}` },
    });
    try {
      const domain = `${way}.example`;
      const report = sampleReport(domain);
      const long = { ...report, 'organization-name': 'Müller & Söhne, Verzögerungen aller Art' };
      await lab.freeze(domain, [`mailto:tls@${domain}`], { report: long });
      const summary = await lab.send();
      expect([summary.sent, (await lab.rows())[0]?.lastResult]).toEqual([1, expect.any(String)]);
      const { from, message } = await arrival(`tls@${domain}`);
      expect(from).toBe('tls-reports@sender.example');
      const verdicts = await verifySignatures(message);
      expect(verdicts.map(({ algorithm, result }) => [algorithm, result])).toEqual([
        ['rsa-sha256', 'pass'],
        ['ed25519-sha256', 'pass'],
      ]);
      const { headers, document, part } = takeApart(message);
      expect(headers.get('tls-required')).toEqual(['No']);
      expect(headers.get('received')).toBeDefined();
      expect(part.headers.get('content-disposition')?.[0]).toContain(`sender.example!${domain}!`);
      expect(reportSchema.parse(document)).toEqual(long);
      expect(long['date-range']['start-datetime']).toBe(`${DAY}T00:00:00Z`);
      for (const [name, takes] of Object.entries(RECEIVERS))
        expect([name, takes(JSON.stringify(document))]).toEqual([name, name !== 'Mail::TLSRPT']);
    } finally {
      await lab.close();
    }
  },
);
