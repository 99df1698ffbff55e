import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { MORNING_AFTER, SAMPLE_LOG } from '../../cli/place.ts';
import { PostgresServer } from '../../ledger/postgres-server.ts';
import { startTxtServer, type TxtServer } from '../../receivers/dns.ts';

const test = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const GUIDE = readFileSync(test('../docs/fleet.md'), 'utf8');
const PROGRAM = test('../dist/src/cli/main.js');
const CERTIFICATE = test('receivers/certs/localhost.crt.pem');

/** A fenced block of the guide. */
interface Block {
  readonly language: string;
  readonly text: string;
}

function blocksOf(guide: string): Block[] {
  const found = guide.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...found].map(([, language = '', text = '']) => ({ language, text }));
}

let root: string;
let server: PostgresServer;
let dns: TxtServer;
beforeAll(async () => {
  if (process.env['POSTGRES_BIN'] === undefined) throw new Error('no psql: apt-get install postgresql');
  root = mkdtempSync(join(tmpdir(), 'guide-'));
  const access =
    blocksOf(GUIDE)
      .find(({ text }) => text.startsWith('hostssl'))
      ?.text.trim() ?? '';
  server = await PostgresServer.create({
    settings: { fsync: 'off', ssl: 'on', ssl_cert_file: 'localhost.crt', ssl_key_file: 'localhost.key' },
    access: ['local all postgres trust', access.replace('192.0.2.0/24', '127.0.0.1/32')],
    files: {
      'localhost.crt': readFileSync(CERTIFICATE, 'utf8'),
      'localhost.key': readFileSync(test('receivers/certs/localhost.key.pem'), 'utf8'),
    },
  });
  dns = await startTxtServer(() => undefined);
});
afterAll(async () => {
  await server?.remove();
  await dns?.close();
  rmSync(root, { recursive: true });
});

/** The guide's paths and names, as this machine has them. */
function here(text: string, place: string): string {
  return text
    .replaceAll(/\/(etc|var\/lib)\/maillog-tlsrpt/g, join(root, place))
    .replaceAll('/var/backups', join(root, 'backups'))
    .replaceAll('/srv/tally', join(root, 'mta9/out'))
    .replaceAll('/var/log/mail.log', join(root, place, 'mail.log'))
    .replaceAll('db.example.net', 'localhost');
}

/** Programs that stand in for those that this machine must not be changed with. */
function writeShims(place: string): string {
  const bin = join(root, `bin-${place}`);
  mkdirSync(bin);
  const write = (name: string, script: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const postgres = `PGHOST='${server.socketDirectory}' PGPORT=${server.port} PGUSER=postgres`;
  write('sudo', `[ "$1 $2" = "-u postgres" ] || exit 64; shift 2; ${postgres} exec "$@"`);
  write('systemctl', 'exit 0');
  // The account belongs to the package.
  write('install', 'exec /usr/bin/install "$1" "$2" "$7" "$8"');
  write(
    'maillog-tlsrpt',
    `PGPORT=${server.port} exec '${process.execPath}' '${PROGRAM}' "$@" --now ${MORNING_AFTER} --config '${join(root, place, 'config.yaml')}'`,
  );
  return `${bin}:${process.env['POSTGRES_BIN']}:${process.env['PATH']}`;
}

function shell(
  command: string,
  path: string,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn('bash', ['-euc', command], {
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
}

/** Sessions a host. */
async function sessions(): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const url = `postgres://postgres@/tlsrpt?host=${encodeURIComponent(server.socketDirectory)}&port=${server.port}`;
  const ledger = await openLedger(url);
  for (const { host, count } of await ledger.tallies({})) found.set(host, (found.get(host) ?? 0) + count);
  await ledger.close();
  return found;
}

it('the fleet guide does what it says, command by command', async () => {
  const places: Readonly<Record<string, string>> = {
    '# on the database server': 'fleet',
    '# on every mail host': 'fleet',
    '# on mta9': 'mta9',
  };
  const paths = new Map<string, string>();
  for (const place of ['fleet', 'mta9', 'backups']) mkdirSync(join(root, place));
  for (const place of ['fleet', 'mta9']) {
    copyFileSync(SAMPLE_LOG, join(root, place, 'mail.log'));
    paths.set(place, writeShims(place));
  }
  copyFileSync(CERTIFICATE, join(root, 'fleet/db-ca.pem'));

  const configs = new Map<string, string>();
  const ran: string[] = [];
  let before: Map<string, number> | undefined;
  for (const { language, text } of blocksOf(GUIDE)) {
    if (language === 'yaml') {
      const place = text.startsWith('# mta9') ? 'mta9' : 'fleet';
      const former = configs.get(place) ?? `dns: {servers: ['${dns.address}']}\n`;
      configs.set(place, former + here(text, place).replace('- path: ', '- timezone: UTC\n    path: '));
      writeFileSync(join(root, place, 'config.yaml'), configs.get(place) ?? '');
      if (text.includes('import-keys'))
        copyFileSync(join(root, 'mta9/mta9.pem'), join(root, 'fleet/mta9.pem'));
    }
    if (language !== 'sh') continue;
    const [first = '', ...commands] = text.trimEnd().split('\n');
    const place = places[first];
    if (place === undefined) throw new Error(`the guide does not say where this is to be run: ${text}`);
    for (const command of commands) {
      if (command.includes('dropdb')) before = await sessions();
      const { code, said } = await shell(here(command, place), paths.get(place) ?? '');
      ran.push(command);
      // What it finds here is not what it finds on a mail host; that it can ask the ledger is.
      if (command === 'maillog-tlsrpt check') expect(said).toContain('the shared ledger answers');
      else expect({ command, code, said }).toEqual({ command, code: 0, said });
    }
  }

  expect(ran.length).toBeGreaterThan(15);
  expect(before?.get('mta9')).toBeGreaterThan(50);
  expect(before?.size).toBe(2);
  expect(new Set(before?.values()).size).toBe(1);
  expect(await sessions()).toEqual(before);
  const [note] = await server.sql("SELECT content FROM note WHERE name = 'restored-at'", 'tlsrpt');
  expect(Number(note?.['content'])).toBe(Date.parse(MORNING_AFTER));
  expect(spawnSync('test', ['-s', join(root, 'backups/tlsrpt.dump')]).status).toBe(0);
});
