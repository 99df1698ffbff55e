import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { release } from '../../src/delivery/release.ts';
import { noteBounce, suppressions, unsuppress } from '../../src/delivery/suppression.ts';
import { type HttpsReceiver, startHttpsReceiver } from '../receivers/https.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../receivers/smtp.ts';
import { DAY, type Lab, MORNING, openLab } from './lab.ts';

const DAY_MS = 86_400_000;

let lab: Lab;
let smtp: SmtpReceiver;
let https: HttpsReceiver;
async function open(delivery: Record<string, unknown> = {}) {
  smtp = await startSmtpReceiver();
  https = await startHttpsReceiver();
  lab = await openLab({ mail: { via: `smtp://127.0.0.1:${smtp.port}` }, delivery });
}
afterEach(async () => {
  await lab.close();
  await smtp.close();
  await https.close();
});

const post = (path: string) => `https://receiver.example:${https.port}/${path}`;
const states = async () => (await lab.rows()).map(({ state }) => state);

describe('several addresses', () => {
  it('all get the report by default, and one that fails leaves the others alone', async () => {
    await open();
    await lab.freeze('example.org', ['mailto:a@example.org', post('404'), post('503'), post('200')]);
    expect(await lab.send()).toMatchObject({ sent: 2, givenUp: 1, retry: 1 });
    expect(await states()).toEqual(['sent', 'given-up', 'retry', 'sent']);
  });

  it('`first` goes on to the next only when one gave up, and stops when one took it', async () => {
    await open({ rua: 'first' });
    await lab.freeze('example.org', [post('404'), post('200'), 'mailto:a@example.org']);
    for (let pass = 0; pass < 4; pass++) {
      await lab.send();
      lab.clock.time += 10 * 60_000;
    }
    expect(await states()).toEqual(['given-up', 'sent', 'suppressed']);
    expect(smtp.received).toEqual([]);
  });
});

describe('a receiver that refuses our address', () => {
  it('gets nothing for a growing time, told in `status`, until somebody lifts it', async () => {
    await open();
    smtp.replies.set('gone@example.org', { at: 'rcpt', code: 550 });
    const rua = 'mailto:gone@example.org';
    await lab.freeze('a.example', [rua]);
    expect(await lab.send()).toMatchObject({ givenUp: 1 });
    expect(await suppressions(lab.ledger)).toEqual([
      { rua, bounces: 1, since: MORNING, last: MORNING, until: MORNING + DAY_MS },
    ]);
    await lab.freeze('b.example', [rua, 'mailto:there@example.org']);
    expect(await lab.send()).toMatchObject({ suppressed: 1, sent: 1 });
    expect(await unsuppress(lab.ledger, rua)).toBe(true);
    smtp.replies.clear();
    await release(lab.ledger, lab.clock.now(), { states: ['suppressed'], rua });
    expect(await lab.send()).toMatchObject({ sent: 1 });
  });

  it('is tried again when the time is over, and waits twice as long after the next bounce', async () => {
    await open();
    const rua = 'mailto:gone@example.org';
    await noteBounce(lab.ledger, rua, MORNING - DAY_MS);
    await lab.freeze('a.example', [rua]);
    expect(await lab.send()).toMatchObject({ sent: 1 });
    await noteBounce(lab.ledger, rua, MORNING);
    await noteBounce(lab.ledger, rua, MORNING);
    expect(await suppressions(lab.ledger)).toMatchObject([{ bounces: 2, until: MORNING + 2 * DAY_MS }]);
    for (let more = 1; more <= 10; more++) await noteBounce(lab.ledger, rua, MORNING + more);
    expect(await suppressions(lab.ledger)).toMatchObject([
      { bounces: 12, until: MORNING + 10 + 32 * DAY_MS },
    ]);
  });

  it('a fault of our own set-up suppresses nobody', async () => {
    await open();
    await smtp.close();
    smtp = await startSmtpReceiver({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('5.7.1 relay access denied'), { responseCode: 554 })),
    });
    lab.config.mail.via = `smtp://127.0.0.1:${smtp.port}`;
    await lab.freeze('a.example', ['mailto:a@example.org']);
    expect(await lab.send()).toMatchObject({ retry: 1 });
    expect(await suppressions(lab.ledger)).toEqual([]);
  });
});

describe('held and released', () => {
  it('what is held does not go until it is released', async () => {
    await open();
    await lab.freeze('example.org', ['mailto:a@example.org']);
    const [row] = await lab.rows();
    await lab.ledger.moveOutbox(row?.id ?? 0, 'due', { state: 'held' });
    expect(await lab.send()).toMatchObject({ sent: 0 });
    expect(await release(lab.ledger, MORNING, { states: ['held'], day: '2026-11-21' })).toBe(0);
    expect(await release(lab.ledger, MORNING, { states: ['held'], day: DAY })).toBe(1);
    expect(await lab.send()).toMatchObject({ sent: 1 });
  });

  it('what nobody tried before its day was too old is held; what was tried has its own time', async () => {
    await open();
    await lab.freeze('example.org', [post('503')]);
    expect(await lab.send()).toMatchObject({ retry: 1 });
    await lab.freeze('example.net', ['mailto:a@example.net']);
    lab.clock.time = Date.parse('2026-11-25T00:00:00Z');
    expect(await lab.send()).toMatchObject({ sent: 1, givenUp: 1, tooOld: 0 });
    await lab.freeze('example.com', ['mailto:a@example.com']);
    lab.clock.time++;
    const told: string[] = [];
    const summary = await lab.send({ onOutcome: ({ rua }) => told.push(rua) });
    expect(summary).toMatchObject({ sent: 0, held: 0, tooOld: 1 });
    expect(told).toEqual([]);
    expect(await states()).toEqual(['given-up', 'sent', 'held']);
    expect((await lab.rows()).at(-1)?.lastResult).toContain('delivery.max-age');
    expect(await release(lab.ledger, lab.clock.now(), { states: ['held'], day: DAY })).toBe(1);
    expect(await lab.send()).toMatchObject({ sent: 1, tooOld: 0 });
  });

  it('a report that is not due before its day is too old still has an hour', async () => {
    await open({ 'max-age': '1h' });
    await lab.freeze('example.org', ['mailto:a@example.org']);
    lab.clock.time = Date.parse('2026-11-23T05:00:00Z');
    expect(await lab.send()).toMatchObject({ sent: 1 });
    await lab.freeze('example.net', ['mailto:a@example.net']);
    lab.clock.time++;
    expect(await lab.send()).toMatchObject({ sent: 0, tooOld: 1 });
  });

  it('one host gets at most its share a day; the rest is held, and said so', async () => {
    await open({ 'max-per-host': 3 });
    for (let at = 0; at < 5; at++)
      await lab.freeze(`d${at}.example`, ['mailto:all@victim.example', post('200')]);
    expect(await lab.send()).toMatchObject({ sent: 6, held: 4 });
    const held = (await lab.rows()).filter(({ state }) => state === 'held');
    expect(held[0]?.lastResult).toContain('max-per-host');
    await lab.freeze('later.example', ['mailto:all@victim.example']);
    expect(await lab.send()).toMatchObject({ held: 1 });
    lab.clock.time += DAY_MS;
    await lab.freeze('next.example', ['mailto:all@victim.example'], { day: '2026-11-23' });
    expect(await lab.send()).toMatchObject({ sent: 1, held: 0 });
  });
});

it('what was put off without a try does not count towards the share of its host', async () => {
  await open({ 'max-per-host': 3 });
  await smtp.close();
  for (let at = 0; at < 3; at++) await lab.freeze(`d${at}.example`, ['mailto:all@r.example']);
  for (let pass = 0; pass < 5; pass++) {
    expect(await lab.send()).toMatchObject({ sent: 0, held: 0 });
    lab.clock.time += 3_600_000;
  }
  smtp = await startSmtpReceiver();
  lab.config.mail.via = `smtp://127.0.0.1:${smtp.port}`;
  lab.clock.time += 6 * 3_600_000;
  expect(await lab.send()).toMatchObject({ sent: 3, held: 0 });
});

it('a report that cannot be read does not stop those behind it', async () => {
  await open();
  const broken = { day: DAY, domain: 'a.example', revision: 1, reportId: 'x', json: '{}', builtAt: 0 };
  await lab.ledger.freeze(broken, [], [{ rua: 'mailto:a@a.example', state: 'due', notBefore: 0 }]);
  await lab.freeze('b.example', ['mailto:b@b.example']);
  expect(await lab.send()).toMatchObject({ sent: 1, givenUp: 1 });
  expect((await lab.rows())[0]?.lastResult).toContain('could not be built');
});

describe('a directory', () => {
  it('gets the compressed document under its RFC name, beside the mail', async () => {
    await open();
    const path = join(lab.directory, 'reports', 'deep');
    lab.config.delivery.directory = path;
    await lab.freeze('example.org', ['mailto:a@example.org']);
    expect(await lab.send()).toMatchObject({ sent: 2 });
    const name = 'sender.example!example.org!1795305600!1795391999.json.gz';
    expect(readdirSync(path)).toEqual([name]);
    expect(JSON.parse(gunzipSync(readFileSync(join(path, name))).toString())).toHaveProperty('report-id');
  });

  it('that cannot be written to is tried again', async () => {
    await open();
    const file = join(lab.directory, 'file');
    writeFileSync(file, '');
    lab.config.delivery.directory = join(file, 'below');
    await lab.freeze('example.org', []);
    expect(await lab.send()).toMatchObject({ retry: 1 });
    expect((await lab.rows())[0]?.lastResult).toMatch(
      /cannot be written: a part of the path is not a directory/,
    );
  });
});

describe('two senders at the same time', () => {
  it('send each report once', async () => {
    await open();
    for (let at = 0; at < 30; at++)
      await lab.freeze(`d${at}.example`, [`mailto:a@d${at}.example`, post('200')]);
    const both = await Promise.all([lab.send(), lab.send()]);
    expect(both[0].sent + both[1].sent).toBe(60);
    expect(smtp.received).toHaveLength(30);
    expect(https.received).toHaveLength(30);
  });

  it('a row whose sender died is left alone for its lease, then sent with the same bytes', async () => {
    await open();
    await lab.freeze('example.org', ['mailto:a@example.org']);
    const [row] = await lab.rows();
    const message = Buffer.from('From: a@sender.example\r\nTo: a@example.org\r\n\r\nkept\r\n');
    const left = {
      state: 'sending',
      attempts: 1,
      firstTriedAt: MORNING,
      notBefore: MORNING + 15 * 60_000,
      message,
    } as const;
    await lab.ledger.moveOutbox(row?.id ?? 0, 'due', left);
    expect(await lab.send()).toMatchObject({ sent: 0 });
    lab.clock.time = left.notBefore;
    const both = await Promise.all([lab.send(), lab.send()]);
    expect(both[0].sent + both[1].sent).toBe(1);
    expect(smtp.received.map((mail) => mail.message.toString())).toEqual([message.toString()]);
  });
});

it('an abort ends the pass without losing anything', async () => {
  await open();
  for (let at = 0; at < 40; at++) await lab.freeze(`d${at}.example`, [`mailto:a@d${at}.example`]);
  const abort = new AbortController();
  let outcomes = 0;
  const first = await lab.send({
    signal: abort.signal,
    onOutcome: () => {
      if (++outcomes === 7) abort.abort();
    },
  });
  expect(first.sent).toBeGreaterThanOrEqual(7);
  expect(first.sent).toBeLessThan(40);
  expect((await lab.send()).sent).toBe(40 - first.sent);
  expect(smtp.received).toHaveLength(40);
});

it('one receiver that hangs does not delay the others', async () => {
  await open({ 'https-timeout': 30 });
  for (let at = 0; at < 20; at++) await lab.freeze(`dead${at}.example`, [post('hang')]);
  for (let at = 0; at < 20; at++) await lab.freeze(`d${at}.example`, [`mailto:a@d${at}.example`]);
  const abort = new AbortController();
  let sent = 0;
  await lab.send({
    signal: abort.signal,
    onOutcome: () => {
      if (++sent === 20) https.close().then(() => abort.abort());
    },
  });
  expect(smtp.received).toHaveLength(20);
  expect(https.connections.most).toBe(1);
  https = await startHttpsReceiver();
});
