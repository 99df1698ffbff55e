import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { TallyKey } from '../../../src/ledger/ledger.ts';
import { writeKeys } from '../../delivery/lab.ts';
import { takeApart } from '../../delivery/received-mail.ts';
import { PostgresServer } from '../../ledger/postgres-server.ts';
import { startTxtServer, type TxtServer } from '../../receivers/dns.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../../receivers/smtp.ts';
import { openMode } from './modes.ts';

const EMITTER = fileURLToPath(new URL('emitter.ts', import.meta.url));
const DAY = '2026-11-22';
const NOON = Date.parse('2026-11-22T12:00:00Z');
/** The day is over, and every report of it due. */
const MORNING = Date.parse('2026-11-23T06:00:00Z');
/** Longer than the lease of an outbox row whose sender died. */
const LATER = MORNING + 16 * 60_000;
const DOMAINS = ['a.example', 'b.example'];
const STARTS = 50;

let server: PostgresServer;
let directory: string;
let smtp: SmtpReceiver;
let dns: TxtServer;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'emitter-'));
  smtp = await startSmtpReceiver();
  dns = await startTxtServer((name) => {
    const domain = /^_smtp\._tls\.(.+)$/.exec(name)?.[1];
    return domain === undefined ? undefined : [`v=TLSRPTv1; rua=mailto:tls@${domain}`];
  });
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
});
afterAll(async () => {
  await server?.remove();
  await smtp.close();
  await dns.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  smtp.received.length = 0;
});

/** What two hosts have read: three sessions each for every domain. */
async function readTwoHosts(state: string, plain: boolean): Promise<void> {
  const ledger = await openMode(state, plain);
  for (const host of ['mta1', 'mta2']) {
    const log = await ledger.log(host, 'postfix', '/var/log/mail.log');
    const keys = DOMAINS.map(
      (recipientDomain): TallyKey => ({
        hour: NOON,
        host,
        parser: 'postfix',
        recipientDomain,
        outcome: 'success',
        peerTrust: 'trusted',
        basis: 'tls-line',
      }),
    );
    await ledger.commit({
      logId: log.id,
      ingestedAt: NOON,
      sessions: new Map(keys.map((key) => [key.recipientDomain, { key, count: 3 }])),
      openChanged: [],
      openDeleted: [],
      readToEndAt: MORNING,
      expectedVersion: log.version,
      refuseOverlap: false,
    });
  }
  await ledger.close();
}

function configFor(state: string): unknown {
  return {
    organization: 'Example Sender',
    contact: 'tls-reports@sender.example',
    state,
    mta: { honours: [] },
    dns: { servers: [dns.address] },
    mail: { via: `smtp://127.0.0.1:${smtp.port}`, dkim: writeKeys(directory) },
    delivery: { 'allow-private': true },
  };
}

interface Answer {
  readonly steps: number;
  readonly led: boolean;
  readonly built: number;
  readonly sent: number;
}

/** A process that makes a pass whenever it is told to. */
class Emitter {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #plain: boolean;

  /** @param plain it leads by a lease, else by an advisory lock */
  constructor(plain: boolean) {
    this.#plain = plain;
    const words = ['--conditions=source', '--import', 'tsx', EMITTER];
    this.#child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('no pipe');
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @returns what it has done; undefined if it died by the kill it was told to */
  async pass(state: string, time: number, dieAt = 0): Promise<Answer | undefined> {
    const order = { config: configFor(state), plain: this.#plain, time, dieAt };
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const answer = await this.#answers.next();
    return answer.done === true ? undefined : (JSON.parse(answer.value) as Answer);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Passes until it is this emitter's turn. */
async function passWhenFree(emitter: Emitter, state: string, time: number): Promise<Answer> {
  for (;;) {
    const answer = await emitter.pass(state, time);
    if (answer === undefined) throw new Error('the successor died');
    if (answer.led) return answer;
  }
}

/** The mails that came for a ledger, by receiver. */
function mailsByReceiver(): Map<string, Buffer[]> {
  const mails = new Map<string, Buffer[]>();
  for (const { to, message } of smtp.received.splice(0))
    mails.set(to[0] ?? '', [...(mails.get(to[0] ?? '') ?? []), message]);
  return mails;
}

/** A ledger with what two hosts have read, to be copied. */
async function madeTemplate(plain: boolean): Promise<string> {
  const template = await server.createDatabase();
  await readTwoHosts(server.url(template), plain);
  return template;
}

it('an emitter killed between any two steps loses no report and gives none two ids', async () => {
  const template = await madeTemplate(false);
  const successor = new Emitter(false);
  let repeats = 0;
  let slowest = 0;
  let dieAt = 1;
  for (let killed = true; killed; dieAt++) {
    const name = await server.createDatabase(template);
    const state = server.url(name);
    const doomed = new Emitter(false);
    killed = (await doomed.pass(state, MORNING, dieAt)) === undefined;
    const died = performance.now();
    doomed.stop();
    await passWhenFree(successor, state, MORNING);
    slowest = Math.max(slowest, performance.now() - died);
    await passWhenFree(successor, state, LATER);

    const ledger = await openMode(state, false);
    expect((await ledger.outbox()).map((row) => row.state)).toEqual(DOMAINS.map(() => 'sent'));
    const mails = mailsByReceiver();
    expect([...mails.keys()].sort()).toEqual(DOMAINS.map((domain) => `tls@${domain}`));
    for (const domain of DOMAINS) {
      const copies = mails.get(`tls@${domain}`) ?? [];
      expect([1, 2]).toContain(copies.length);
      expect(new Set(copies.map((copy) => copy.toString('latin1'))).size).toBe(1);
      repeats += copies.length - 1;
      const stored = await ledger.report(DAY, domain);
      const { document } = takeApart(copies[0] ?? Buffer.alloc(0));
      expect(document).toEqual(JSON.parse(stored?.json ?? ''));
      expect(document).toMatchObject({ policies: [{ summary: { 'total-successful-session-count': 6 } }] });
    }
    await ledger.close();
    await server.sql(`DROP DATABASE ${name}`);
  }
  successor.stop();
  // It walked through all of it, and through the gap between handing over and noting it.
  expect(dieAt).toBeGreaterThan(60);
  expect(repeats).toBeGreaterThan(0);
  expect(slowest).toBeLessThan(60_000);
}, 900_000);

it.each([
  ['an advisory lock', false],
  ['a lease', true],
])(
  'of two emitters started together fifty times one sends, by %s',
  async (_name, plain) => {
    const template = await madeTemplate(plain);
    const pair = [new Emitter(plain), new Emitter(plain)] as const;
    let both = 0;
    for (let start = 0; start < STARTS; start++) {
      const name = await server.createDatabase(template);
      const answers = await Promise.all(pair.map((emitter) => emitter.pass(server.url(name), MORNING)));
      const sent = answers.map((answer) => answer?.sent ?? -1).sort();
      expect(sent).toEqual([0, DOMAINS.length]);
      expect(answers.reduce((sum, answer) => sum + (answer?.built ?? 0), 0)).toBe(DOMAINS.length);
      if (answers.every((answer) => answer?.led)) both++;
      const mails = mailsByReceiver();
      expect([...mails.values()].map((copies) => copies.length)).toEqual(DOMAINS.map(() => 1));
      await server.sql(`DROP DATABASE ${name}`);
    }
    for (const emitter of pair) emitter.stop();
    // They did meet, so that one of them found the other at it.
    expect(both).toBeLessThan(STARTS);
  },
  600_000,
);
