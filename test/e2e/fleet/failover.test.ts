import { createSocket, type Socket } from 'node:dgram';
import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from '../../cli/place.ts';
import { PostgresServer } from '../../ledger/postgres-server.ts';
import { startTxtServer, type TxtServer } from '../../receivers/dns.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../../receivers/smtp.ts';
import { Program } from '../program.ts';

const KEY = fileURLToPath(new URL('../../receivers/dkim-rsa.key.pem', import.meta.url));
const HOSTS = ['mta1', 'mta2'];
const DOMAIN = 'wildcard.test';

/** A name server that says nothing until it is opened, so that whoever looks policies up is at it for long. */
class Gate {
  readonly #front: Socket;
  readonly #txt: TxtServer;
  #open = false;
  asked = 0;

  private constructor(front: Socket, txt: TxtServer) {
    this.#front = front;
    this.#txt = txt;
    const port = Number(txt.address.split(':')[1]);
    front.on('message', (query, peer) => {
      this.asked++;
      if (!this.#open) return;
      const back = createSocket('udp4');
      back.once('message', (reply) => {
        front.send(reply, peer.port, peer.address);
        back.close();
      });
      back.send(query, port, '127.0.0.1');
    });
  }

  static async start(): Promise<Gate> {
    const txt = await startTxtServer((name) =>
      name === `_smtp._tls.${DOMAIN}` ? [`v=TLSRPTv1; rua=mailto:tls@${DOMAIN}`] : undefined,
    );
    const front = createSocket('udp4');
    await new Promise<void>((resolve) => front.bind(0, '127.0.0.1', resolve));
    return new Gate(front, txt);
  }

  get address(): string {
    return `127.0.0.1:${this.#front.address().port}`;
  }

  open(): void {
    this.#open = true;
  }

  async close(): Promise<void> {
    this.#front.close();
    await this.#txt.close();
  }
}

let server: PostgresServer;
let smtp: SmtpReceiver;
let gate: Gate;
let place: Place;
const started = new Map<string, Program>();
beforeEach(async () => {
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
  [smtp, gate, place] = await Promise.all([startSmtpReceiver(), Gate.start(), makePlace()]);
});
afterEach(async () => {
  for (const program of started.values()) await program.end('SIGKILL');
  started.clear();
  await server?.remove();
  await Promise.all([smtp.close(), gate.close(), place.remove()]);
});

/** A host of the fleet, with a name and a log of its own. */
async function follow(host: string, state: string): Promise<void> {
  const log = place.path(`${host}.log`);
  await copyFile(SAMPLE_LOG, log);
  const config = await place.write(
    `${host}.yaml`,
    `organization: Fleet
contact: tls-reports@sender.example
state: ${state}
logs: [{path: ${log}, timezone: UTC}]
mta: {honours: []}
dns: {servers: ["${gate.address}"], timeout: 60s}
mail: {via: "smtp://127.0.0.1:${smtp.port}", dkim: {domain: sender.example, selector: s, key: ${KEY}}}
delivery: {spread: 0s, allow-private: true}
`,
  );
  const named = [
    'unshare',
    '--user',
    '--map-root-user',
    '--uts',
    'sh',
    '-c',
    `hostname ${host}; exec "$@"`,
    'sh',
  ];
  started.set(host, new Program(['follow', '--config', config, '--now', MORNING_AFTER], {}, named));
}

/** The host that is at it, by its own word. */
async function emitter(database: string): Promise<string | undefined> {
  const [row] = await server.sql("SELECT content FROM note WHERE name = 'awake'", database).catch(() => []);
  return row === undefined ? undefined : (JSON.parse(String(row['content'])) as { at?: string }).at;
}

it("a dead emitter's work is taken over within a minute, and nothing goes out twice", async () => {
  const database = await server.createDatabase();
  const state = server.url(database);
  // The second comes when the first is at it.
  await follow('mta1', state);
  await expect.poll(() => emitter(database), { timeout: 60_000 }).toBe('mta1');
  await expect.poll(() => gate.asked, { timeout: 60_000 }).toBeGreaterThan(0);
  await follow('mta2', state);
  const read = 'SELECT COUNT(*)::int AS n FROM log WHERE read_to_end_at IS NOT NULL';
  await expect
    .poll(async () => (await server.sql(read, database))[0]?.['n'], { timeout: 60_000 })
    .toBe(HOSTS.length);

  await started.get('mta1')?.end('SIGKILL');
  const died = performance.now();
  gate.open();
  await expect.poll(() => emitter(database), { timeout: 90_000, interval: 100 }).toBe('mta2');
  expect(performance.now() - died).toBeLessThan(60_000);
  await expect.poll(() => smtp.received.length, { timeout: 90_000 }).toBeGreaterThan(0);
  await expect.poll(() => emitter(database), { timeout: 60_000 }).toBeUndefined();
  expect(smtp.received.map(({ to }) => to)).toEqual([[`tls@${DOMAIN}`]]);
  const rows = await server.sql('SELECT state FROM outbox', database);
  expect(rows).toEqual([{ state: 'sent' }]);
  expect(await started.get('mta2')?.end()).toBe(0);
});
