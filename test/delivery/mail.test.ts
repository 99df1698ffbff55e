import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportSchema } from '../../src/report/schema.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../receivers/smtp.ts';
import { type Lab, MORNING, openLab, sampleReport } from './lab.ts';
import { takeApart, verifySignatures } from './received-mail.ts';

let lab: Lab;
let receiver: SmtpReceiver;
beforeEach(async () => {
  receiver = await startSmtpReceiver();
  lab = await openLab({ mail: { via: `smtp://127.0.0.1:${receiver.port}` } });
});
afterEach(async () => {
  await lab.close();
  await receiver.close();
});

async function mailed(domain = 'example.org', rua = 'mailto:tls@example.org') {
  await lab.freeze(domain, [rua]);
  expect(await lab.send()).toMatchObject({ sent: 1 });
  const [mail] = receiver.received;
  if (mail === undefined) throw new Error('nothing came');
  return mail;
}

describe('the mail that arrives, by the rows of RFC 8460 §3 and §5', () => {
  it('E1, E2, E4: carries an RSA and an Ed25519 signature of the contact domain over all TLS-Report headers', async () => {
    const { message } = await mailed();
    const results = await verifySignatures(message);
    expect(results.map(({ algorithm, domain, result }) => [algorithm, domain, result])).toEqual([
      ['rsa-sha256', 'sender.example', 'pass'],
      ['ed25519-sha256', 'sender.example', 'pass'],
    ]);
    const wanted = ['from', 'to', 'subject', 'date', 'message-id', 'content-type', 'tls-required'];
    for (const { signed } of results)
      expect(signed).toEqual(
        expect.arrayContaining([...wanted, 'tls-report-domain', 'tls-report-submitter']),
      );
    for (const field of takeApart(message).headers.get('dkim-signature') ?? [])
      expect(field).not.toMatch(/;\s*l=/);
  });

  it('E1: breaks if anything signed is touched or a second field is slipped in', async () => {
    const { message } = await mailed();
    const text = message.toString('latin1');
    const touched = [
      text.replace('TLS-Report-Domain: example.org', 'TLS-Report-Domain: example.com'),
      text.replace('TLS-Required', 'TLS-Report-Submitter: other.example\r\nTLS-Required'),
      text.replace('Seen', 'seen').replace('sessions', 'session'),
    ];
    for (const one of touched)
      for (const { result } of await verifySignatures(Buffer.from(one, 'latin1')))
        expect(result).not.toBe('pass');
  });

  it('E5, E6: names domain and submitter once, and asks for delivery despite TLS trouble', async () => {
    const { headers, headerNames } = takeApart((await mailed()).message);
    expect(headers.get('tls-report-domain')).toEqual(['example.org']);
    expect(headers.get('tls-report-submitter')).toEqual(['sender.example']);
    expect(headers.get('tls-required')).toEqual(['No']);
    expect(headers.get('auto-submitted')).toEqual(['auto-generated']);
    expect(headerNames).toEqual(expect.arrayContaining(['TLS-Report-Domain', 'TLS-Report-Submitter']));
  });

  it('E7, E10, E11: is a multipart/report of a text for people and the compressed document in base64', async () => {
    const { headers, part, document } = takeApart((await mailed()).message);
    expect(headers.get('content-type')).toHaveLength(1);
    expect(headers.get('content-type')?.[0]).toMatch(/^multipart\/report; report-type="?tlsrpt"?;/);
    expect(part.headers.get('content-type')?.[0]).toMatch(/^application\/tlsrpt\+gzip;/);
    expect(part.headers.get('content-transfer-encoding')).toEqual(['base64']);
    expect(reportSchema.parse(document)).toEqual(sampleReport('example.org'));
  });

  it("E8: has a subject of the given words, its id the document's, fit for a msg-id", async () => {
    const { headers, document } = takeApart((await mailed()).message);
    const id = reportSchema.parse(document)['report-id'];
    expect(headers.get('subject')).toEqual([
      `Report Domain: example.org Submitter: sender.example Report-ID: <${id}>`,
    ]);
    expect(id).toMatch(/^[\w.+-]+@[\w.-]+$/);
  });

  it('E9: names the file in one piece, however long', async () => {
    const domain = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`;
    const { part } = takeApart((await mailed(domain)).message);
    const name = `sender.example!${domain}!1795305600!1795391999.json.gz`;
    expect(part.headers.get('content-disposition')).toEqual([`attachment; filename="${name}"`]);
    expect(part.headers.get('content-type')).toEqual([`application/tlsrpt+gzip; name="${name}"`]);
  });

  it('has one Message-ID of our domain, the date of its making, and the contact as sender', async () => {
    const { from, to, message } = await mailed();
    const { headers } = takeApart(message);
    expect({ from, to }).toEqual({ from: 'tls-reports@sender.example', to: ['tls@example.org'] });
    expect(headers.get('message-id')?.[0]).toMatch(/^<2026-11-22\.example\.org\.[\w.]+@sender\.example>$/);
    expect(headers.get('from')).toEqual(['Example Sender <tls-reports@sender.example>']);
    expect(Date.parse(headers.get('date')?.[0] ?? '')).toBe(MORNING);
  });

  it('keeps every line within the 998 characters of RFC 5322, and in ASCII', async () => {
    const { message } = await mailed(`${`${'a'.repeat(63)}.`.repeat(3)}example`);
    const lines = message.toString('latin1').split('\r\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(998);
    expect(message.every((byte) => byte < 128 && byte !== 0)).toBe(true);
  });
});

it('tells a person what failed, since when, and what to do', async () => {
  for (const day of ['2026-11-19', '2026-11-20', '2026-11-21'])
    await lab.freeze('example.org', [], { day, report: sampleReport('example.org', day) });
  const { text } = takeApart((await mailed()).message);
  expect(text).toContain('3 sessions: the certificate of the mail host had expired');
  expect(text).toContain('Mail host: mx.example.org, 192.0.2.25');
  expect(text).toContain('Seen since: 2026-11-19');
  expect(text).toContain('What to do: Renew the certificate');
});

describe('what a reply of the MTA makes of the row', () => {
  it.each([
    ['rcpt', 450, 'retry'],
    ['rcpt', 550, 'given-up'],
    ['data', 451, 'retry'],
    ['data', 554, 'given-up'],
  ] as const)('%s %i: %s', async (at, code, state) => {
    receiver.replies.set('tls@example.org', { at, code });
    await lab.freeze('example.org', ['mailto:tls@example.org']);
    await lab.send();
    const [row] = await lab.rows();
    expect(row?.state).toBe(state);
    expect(row?.lastResult).toContain(String(code));
  });

  it('nobody listens: tried again, and the others wait without a try', async () => {
    await receiver.close();
    for (const domain of ['a.example', 'b.example', 'c.example'])
      await lab.freeze(domain, [`mailto:tls@${domain}`]);
    const summary = await lab.send();
    expect(summary.sent).toBe(0);
    expect(summary.retry).toBeGreaterThanOrEqual(1);
    expect(summary.retry + summary.putOff).toBe(3);
    receiver = await startSmtpReceiver();
  });

  it('TLS demanded and not to be had: tried again, nothing in clear', async () => {
    await lab.close();
    lab = await openLab({ mail: { via: `smtp://127.0.0.1:${receiver.port}`, tls: 'required' } });
    await lab.freeze('example.org', ['mailto:tls@example.org']);
    await lab.send();
    const [row] = await lab.rows();
    expect(row?.state).toBe('retry');
    expect(row?.lastResult).toMatch(/certificate/i);
    expect(receiver.received).toEqual([]);
  });
});

it('sends the same bytes on a retry', async () => {
  receiver.replies.set('tls@example.org', { at: 'rcpt', code: 450 });
  await lab.freeze('example.org', ['mailto:tls@example.org']);
  await lab.send();
  const [row] = await lab.rows();
  receiver.replies.clear();
  lab.clock.time = row?.notBefore ?? 0;
  await lab.send();
  const bytes = (buffer: Uint8Array | undefined) =>
    Buffer.from(buffer ?? [])
      .toString('latin1')
      .trimEnd();
  expect(bytes(receiver.received[0]?.message)).toBe(bytes(row?.message));
});

it('sends nothing a second time', async () => {
  await mailed();
  expect(await lab.send()).toMatchObject({ sent: 0, retry: 0 });
  expect(receiver.received).toHaveLength(1);
});
