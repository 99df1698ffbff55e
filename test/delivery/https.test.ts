import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTransports } from '../../src/delivery/transports.ts';
import { type HttpsReceiver, startHttpsReceiver } from '../receivers/https.ts';
import { DAY, type Lab, MORNING, openLab } from './lab.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

let lab: Lab;
let receiver: HttpsReceiver;
beforeEach(async () => {
  lab = await openLab();
  receiver = await startHttpsReceiver();
});
afterEach(async () => {
  await receiver.close();
  await lab.close();
});

function rua(path: string, host = 'receiver.example'): string {
  return `https://${host}:${receiver.port}/${path}`;
}

async function sendTo(path: string) {
  await lab.freeze('example.org', [rua(path)]);
  await lab.send();
  const [row] = await lab.rows();
  return row;
}

it('posts the compressed document with a bare type and nothing the receiver could read twice', async () => {
  const row = await sendTo('200');
  expect(row).toMatchObject({ state: 'sent', attempts: 1, lastResult: 'HTTP 200' });
  const [post] = receiver.received;
  expect(post?.headers['content-type']).toBe('application/tlsrpt+gzip');
  expect(post?.headers).not.toHaveProperty('content-encoding');
  expect(JSON.parse(gunzipSync(post?.body ?? '').toString())).toMatchObject({
    'report-id': `${DAY}.example.org.0123456789.1@sender.example`,
  });
});

describe('what an answer makes of the row', () => {
  it.each(['200', '201', '202', '204'])('%s: sent', async (status) => {
    expect(await sendTo(status)).toMatchObject({ state: 'sent', lastResult: `HTTP ${status}` });
  });

  it.each(['301', '302', '307', '308'])('%s: given up, and the redirect is not followed', async (status) => {
    const row = await sendTo(status);
    expect(row).toMatchObject({ state: 'given-up' });
    expect(row?.lastResult).toContain('redirects are not followed');
    expect(receiver.received).toHaveLength(1);
  });

  it.each(['400', '401', '403', '404', '410', '413', '415'])('%s: given up', async (status) => {
    expect(await sendTo(status)).toMatchObject({ state: 'given-up', lastResult: `HTTP ${status}` });
  });

  it.each(['408', '425', '500', '502', '503', '504'])('%s: tried again', async (status) => {
    const row = await sendTo(status);
    expect(row).toMatchObject({ state: 'retry', attempts: 1, lastResult: `HTTP ${status}` });
    expect((row?.notBefore ?? 0) - MORNING).toBeGreaterThanOrEqual(4 * MINUTE);
    expect((row?.notBefore ?? 0) - MORNING).toBeLessThanOrEqual(6 * MINUTE);
  });

  it('429 with Retry-After in seconds: tried again then', async () => {
    const row = await sendTo('429?retry-after=7200');
    expect(row).toMatchObject({ state: 'retry', notBefore: MORNING + 2 * HOUR });
  });

  it('503 with Retry-After as a date: tried again then', async () => {
    const date = new Date(MORNING + 3 * HOUR).toUTCString();
    const row = await sendTo(`503?retry-after=${encodeURIComponent(date)}`);
    expect(row).toMatchObject({ state: 'retry', notBefore: MORNING + 3 * HOUR });
  });

  it('Retry-After beyond the 24 h: one last try at their end', async () => {
    const row = await sendTo('503?retry-after=999999999');
    expect(row).toMatchObject({ state: 'retry', notBefore: MORNING + 24 * HOUR });
  });

  it.each([
    ['reset', 'cut'],
    ['hang', 'too long'],
    ['drip-head', 'too long'],
  ])('%s: tried again', async (how, word) => {
    const row = await sendTo(how);
    expect(row?.state).toBe('retry');
    expect(row?.lastResult).toContain(word);
  });

  it.each(['drip-body', 'flood'])('%s after a 200: sent, for the status is known', async (how) => {
    expect(await sendTo(how)).toMatchObject({ state: 'sent' });
  });

  it('nobody listens: tried again', async () => {
    const { port } = receiver;
    await receiver.close();
    await lab.freeze('example.org', [`https://receiver.example:${port}/200`]);
    await lab.send();
    const [row] = await lab.rows();
    expect(row).toMatchObject({ state: 'retry' });
    expect(row?.lastResult).toContain('refused');
  });

  it('a certificate of another name: sent all the same, and marked (RFC 8460 §5.4)', async () => {
    await lab.freeze('example.org', [rua('200', 'elsewhere.example')]);
    await lab.send();
    const [row] = await lab.rows();
    expect(row?.state).toBe('sent');
    expect(row?.lastResult).toMatch(/^HTTP 200, certificate not valid: ERR_TLS_CERT_ALTNAME_INVALID/);
    expect(receiver.received).toHaveLength(1);
  });
});

it('gives up after 24 h of failures, and says so', async () => {
  await lab.freeze('example.org', [rua('503')]);
  const waits: number[] = [];
  for (;;) {
    const before = lab.clock.time;
    await lab.send();
    const [row] = await lab.rows();
    if (row === undefined || row.state !== 'retry') break;
    waits.push(row.notBefore - before);
    lab.clock.time = row.notBefore;
  }
  const [row] = await lab.rows();
  expect(row).toMatchObject({ state: 'given-up', lastResult: 'given up after 24 h: HTTP 503' });
  expect(lab.clock.time).toBe(MORNING + 24 * HOUR);
  expect(receiver.received.length).toBe(waits.length + 1);
  expect(waits[3]).toBeGreaterThan(2 * (waits[1] ?? 0));
  expect(Math.max(...waits)).toBeLessThanOrEqual(4.8 * HOUR);
  expect(new Set(receiver.received.map(({ body }) => body.toString('base64'))).size).toBe(1);
});

it('tries nothing before its time', async () => {
  await sendTo('503');
  lab.clock.time += MINUTE;
  await lab.send();
  expect(receiver.received).toHaveLength(1);
});

it('refuses receivers that are not on the open Internet', async () => {
  await lab.close();
  lab = await openLab({ delivery: { 'allow-private': false } });
  await lab.freeze('example.org', [rua('200'), `https://127.0.0.1:${receiver.port}/200`]);
  await lab.send();
  const rows = await lab.rows();
  expect(rows.map(({ state }) => state)).toEqual(['given-up', 'given-up']);
  for (const { lastResult } of rows) expect(lastResult).toContain('no public address');
  expect(receiver.received).toEqual([]);
});

it('looks the receiver up once, and connects to what was checked', async () => {
  const asked: string[] = [];
  const resolve = async (host: string) => {
    asked.push(host);
    return asked.length === 1 ? ['127.0.0.1'] : ['192.0.2.1'];
  };
  const transports = await createTransports(lab.config, lab.clock, resolve);
  const handover = await transports.post(new URL(rua('200')), Buffer.from('x'));
  transports.close();
  expect(handover).toMatchObject({ kind: 'sent' });
  expect(asked).toEqual(['receiver.example']);
});
