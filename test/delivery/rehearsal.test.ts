import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Preview, previewDue } from '../../src/delivery/dry-run.ts';
import { loadMailSetup } from '../../src/delivery/mail-setup.ts';
import { rehearse } from '../../src/delivery/rehearse.ts';
import { createTransports } from '../../src/delivery/transports.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../receivers/smtp.ts';
import { type Lab, openLab, sampleReport } from './lab.ts';
import { takeApart, verifySignatures } from './received-mail.ts';

const MAIL = 'mailto:tls@example.org';
const REPORT = { ...sampleReport('example.org'), 'organization-name': 'Müller & Söhne' };
const POST = 'https://r.example:8443/tls?a=b';

let lab: Lab;
let smtp: SmtpReceiver;
beforeEach(async () => {
  smtp = await startSmtpReceiver();
  lab = await openLab({ mail: { via: `smtp://127.0.0.1:${smtp.port}` } });
  lab.config.delivery.directory = join(lab.directory, 'reports');
  await lab.freeze('example.org', [MAIL, POST], { report: REPORT });
});
afterEach(async () => {
  await lab.close();
  await smtp.close();
});

async function previews(): Promise<Preview[]> {
  const { ledger, clock, config } = lab;
  const all: Preview[] = [];
  for await (const one of previewDue({ ledger, clock, config, setup: await loadMailSetup(config) }))
    all.push(one);
  return all;
}

it('shows every mail, POST and file as it would go, and changes nothing', async () => {
  const before = await lab.rows();
  const [mail, post, file] = await previews();
  expect(mail).toMatchObject({
    rua: MAIL,
    kind: 'mail',
    where: 'MAIL FROM:<tls-reports@sender.example> RCPT TO:<tls@example.org>',
    document: REPORT,
  });
  expect(mail?.headers.filter((line) => line.startsWith('DKIM-Signature:'))).toHaveLength(2);
  expect(mail?.headers).toContain('TLS-Report-Domain: example.org');
  expect(mail?.text).toContain('Müller & Söhne sent mail to example.org on 2026-11-22');
  expect(mail?.text).toContain('the certificate of the mail host had expired');
  expect(post).toMatchObject({ kind: 'https', where: POST, document: REPORT });
  expect(post?.headers).toContain('POST /tls?a=b');
  expect(post?.headers).toContain('Content-Type: application/tlsrpt+gzip');
  expect(file?.where).toBe(
    join(lab.directory, 'reports', 'sender.example!example.org!1795305600!1795391999.json.gz'),
  );
  expect(await lab.rows()).toEqual(before);
  expect(smtp.received).toEqual([]);
});

it('shows of a retry the bytes that will be repeated', async () => {
  smtp.replies.set('tls@example.org', { at: 'rcpt', code: 450 });
  lab.config.delivery['allow-private'] = false;
  await lab.send();
  const kept = (await lab.rows())[0]?.message;
  lab.clock.time += 3_600_000;
  const [mail] = await previews();
  expect(mail).toMatchObject({ rua: MAIL, state: 'retry', bytes: kept?.length });
  expect(mail?.headers).toContain('Date: Mon, 23 Nov 2026 06:00:00 +0000');
});

it('rehearses to one address, the true rua in head and text, and changes nothing', async () => {
  const before = await lab.rows();
  const transports = await createTransports(lab.config, lab.clock);
  expect(await rehearse({ ...lab, transports }, 'me@here.example')).toBe(2);
  transports.close();
  expect(smtp.received.map(({ to }) => to)).toEqual([['me@here.example'], ['me@here.example']]);
  const [first] = smtp.received;
  const { headers, text } = takeApart(first?.message ?? Buffer.alloc(0));
  expect(headers.get('to')).toEqual(['me@here.example']);
  expect(headers.get('x-rehearsal-for')).toEqual([MAIL]);
  expect(text).toContain(`In earnest this mail would go to: ${MAIL}`);
  for (const { result } of await verifySignatures(first?.message ?? Buffer.alloc(0)))
    expect(result).toBe('pass');
  expect(await lab.rows()).toEqual(before);
});

it('refuses an address that is none', async () => {
  const transports = await createTransports(lab.config, lab.clock);
  await expect(rehearse({ ...lab, transports }, 'me')).rejects.toMatchObject({ exitCode: 64 });
  transports.close();
});
