import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { openPostgres } from '../../src/ledger/postgres.ts';
import { PostgresServer } from './postgres-server.ts';

const test = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const LOCALHOST = test('receivers/certs/localhost.crt.pem');
const OTHER_CA = test('receivers/certs/ca.pem');

let server: PostgresServer;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'access-'));
  server = await PostgresServer.create({
    settings: { fsync: 'off', ssl: 'on', ssl_cert_file: 'localhost.crt', ssl_key_file: 'localhost.key' },
    access: [
      'local all postgres trust',
      'hostssl all tls_only 127.0.0.1/32 trust',
      'hostnossl all clear_only 127.0.0.1/32 trust',
      'host all reader 127.0.0.1/32 scram-sha-256',
    ],
    files: {
      'localhost.crt': readFileSync(LOCALHOST, 'utf8'),
      'localhost.key': readFileSync(test('receivers/certs/localhost.key.pem'), 'utf8'),
      'receiver.crt': readFileSync(test('receivers/certs/receiver.pem'), 'utf8'),
      'receiver.key': readFileSync(test('receivers/certs/receiver.key'), 'utf8'),
    },
  });
  await server.sql(
    "CREATE ROLE tls_only LOGIN; CREATE ROLE clear_only LOGIN; CREATE ROLE reader LOGIN PASSWORD 'p:w'",
  );
});
afterAll(async () => {
  await server.remove();
  rmSync(directory, { recursive: true });
});

/** Whether the connection is encrypted, by the server's own word. */
async function encrypted(user: string, query = '', env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  const database = await openPostgres(`postgres://${user}@127.0.0.1:${server.port}/postgres?${query}`, {
    env,
  });
  try {
    const [row] = await database.query(
      'SELECT CASE WHEN ssl THEN 1 ELSE 0 END AS tls FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    return row?.['tls'] === 1;
  } finally {
    await database.close();
  }
}

it('encrypts where the server offers it, and always or never on demand', async () => {
  expect(await encrypted('tls_only')).toBe(true);
  expect(await encrypted('tls_only', 'sslmode=require')).toBe(true);
  expect(await encrypted('tls_only', '', { PGSSLMODE: 'require' })).toBe(true);
  expect(await encrypted('clear_only', 'sslmode=disable')).toBe(false);
  await expect(encrypted('tls_only', 'sslmode=disable')).rejects.toMatchObject({ exitCode: EXIT.config });
  await server.sql('ALTER SYSTEM SET ssl = off');
  await server.sql('SELECT pg_reload_conf()');
  await expect.poll(() => encrypted('clear_only')).toBe(false);
  await expect(encrypted('clear_only', 'sslmode=require')).rejects.toMatchObject({
    exitCode: EXIT.config,
    message: expect.stringMatching(/TLS to the database fails/),
  });
  await server.sql('ALTER SYSTEM SET ssl = on');
  await server.sql('SELECT pg_reload_conf()');
  await expect.poll(() => encrypted('tls_only', 'sslmode=require').catch(() => false)).toBe(true);
});

it('goes the other way where `prefer` or `allow` let it and the server wants it so, as libpq does', async () => {
  expect(await encrypted('clear_only')).toBe(false);
  expect(await encrypted('clear_only', 'sslmode=allow')).toBe(false);
  expect(await encrypted('tls_only', 'sslmode=allow')).toBe(true);
  expect(await encrypted('reader:p%3Aw', 'sslmode=allow')).toBe(false);
  expect(await encrypted('reader:p%3Aw', 'sslmode=prefer')).toBe(true);
  await expect(encrypted('nobody')).rejects.toMatchObject({ exitCode: EXIT.config });
});

it('checks the certificate and its name as far as sslmode says', async () => {
  const mode = (sslmode: string, ca: string) => encrypted('tls_only', `sslmode=${sslmode}&sslrootcert=${ca}`);
  expect(await mode('verify-full', LOCALHOST)).toBe(true);
  const untrusted = { exitCode: EXIT.config, message: expect.stringMatching(/^TLS to the database fails/) };
  await expect(mode('verify-full', OTHER_CA)).rejects.toMatchObject(untrusted);
  await expect(mode('verify-ca', OTHER_CA)).rejects.toMatchObject(untrusted);
  await expect(mode('require', OTHER_CA)).rejects.toMatchObject(untrusted);
  await expect(encrypted('tls_only', 'sslrootcert=system')).rejects.toMatchObject(untrusted);
  await server.sql("ALTER SYSTEM SET ssl_cert_file = 'receiver.crt'");
  await server.sql("ALTER SYSTEM SET ssl_key_file = 'receiver.key'");
  await server.sql('SELECT pg_reload_conf()');
  await expect.poll(() => mode('verify-ca', OTHER_CA).catch(() => false)).toBe(true);
  await expect(mode('verify-full', OTHER_CA)).rejects.toMatchObject({
    ...untrusted,
    message: expect.stringMatching(/does not match/),
  });
});

it('checks the name of the host, wherever its address comes from', async () => {
  const at = (host: string) =>
    encrypted('tls_only', `host=${host}&hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=${LOCALHOST}`);
  await server.sql("ALTER SYSTEM SET ssl_cert_file = 'localhost.crt'");
  await server.sql("ALTER SYSTEM SET ssl_key_file = 'localhost.key'");
  await server.sql('SELECT pg_reload_conf()');
  await expect.poll(() => at('localhost').catch(() => false)).toBe(true);
  await expect(at('elsewhere.example')).rejects.toMatchObject({
    exitCode: EXIT.config,
    message: expect.stringMatching(/does not match/),
  });
});

it('takes the password from the URI, the environment or the password file', async () => {
  const passfile = join(directory, 'pass');
  writeFileSync(passfile, `127.0.0.1:${server.port}:postgres:reader:p\\:w\n`, { mode: 0o600 });
  expect(await encrypted('reader:p%3Aw')).toBe(true);
  expect(await encrypted('reader', '', { PGPASSWORD: 'p:w' })).toBe(true);
  expect(await encrypted('reader', '', { PGPASSFILE: passfile })).toBe(true);
  expect(await encrypted('reader', `passfile=${passfile}`)).toBe(true);
  await expect(encrypted('reader:wrong')).rejects.toMatchObject({
    exitCode: EXIT.config,
    message: expect.stringMatching(/^the database refuses: password authentication failed/),
    where: `postgres://reader@127.0.0.1:${server.port}/postgres`,
  });
  writeFileSync(passfile, 'elsewhere:*:*:*:x\n');
  await expect(encrypted('reader', `passfile=${passfile}`)).rejects.toMatchObject({
    exitCode: EXIT.config,
    message: 'the database asks for the password of reader',
  });
});

it('says what is wrong with a database that is not there or not for us', async () => {
  await expect(openLedger(server.url('nowhere'))).rejects.toMatchObject({
    exitCode: EXIT.config,
    message: expect.stringContaining('"nowhere" does not exist'),
  });
  const database = await server.createDatabase();
  await expect(openLedger(`postgres://tls_only@127.0.0.1:${server.port}/${database}`)).rejects.toMatchObject({
    exitCode: EXIT.config,
    message: expect.stringContaining('permission denied'),
  });
  await expect(openLedger('postgres://u@127.0.0.1:1/d')).rejects.toMatchObject({
    exitCode: EXIT.tryAgain,
    where: 'postgres://u@127.0.0.1:1/d',
  });
});

it('lets accounts share a ledger that are members of the one that made it', async () => {
  const database = await server.createDatabase();
  await server.sql('GRANT CREATE ON SCHEMA public TO tls_only', database);
  const address = `127.0.0.1:${server.port}/${database}`;
  await (await openLedger(`postgres://tls_only@${address}`)).close();
  await server.sql('GRANT tls_only TO reader');
  const ledger = await openLedger(`postgres://reader:p%3Aw@${address}`);
  const log = await ledger.log('mta1', 'postfix', 'x');
  const key = { host: 'mta1', parser: 'postfix', recipientDomain: 'example.org', hour: 0 } as const;
  await ledger.commit({
    logId: log.id,
    ingestedAt: 0,
    sessions: new Map([['a', { key: { ...key, outcome: 'success', basis: 'tls-line' }, count: 1 }]]),
    openChanged: [],
    openDeleted: [],
    expectedVersion: log.version,
    refuseOverlap: false,
  });
  await ledger.close();
  const owner = await openLedger(`postgres://tls_only@${address}`);
  expect(await owner.prune('1970-01-02', 1)).toEqual({ tallies: 1, reports: 0 });
  await owner.close();
});

it('lets each host have an account of its own, whichever of them makes the tables', async () => {
  const database = await server.createDatabase();
  await server.sql(
    `CREATE ROLE tlsrpt; GRANT CREATE ON SCHEMA public TO tlsrpt;
     GRANT tlsrpt TO tls_only, reader; ALTER ROLE tls_only SET role = 'tlsrpt'; ALTER ROLE reader SET role = 'tlsrpt'`,
    database,
  );
  const address = `127.0.0.1:${server.port}/${database}`;
  await (await openLedger(`postgres://tls_only@${address}`)).close();
  const ledger = await openLedger(`postgres://reader:p%3Aw@${address}`);
  await ledger.checkIn('mta1', '1', 0);
  expect(await ledger.hosts()).toHaveLength(1);
  await ledger.close();
  const owners = "SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname = 'public'";
  expect(await server.sql(owners, database)).toEqual([{ owner: 'tlsrpt' }]);
});
