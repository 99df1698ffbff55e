import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { passwordFromFile } from '../../src/ledger/password-file.ts';
import { isPostgresUrl, postgresAddress, shownAddress } from '../../src/ledger/postgres-address.ts';
import { postgresTls } from '../../src/ledger/postgres-tls.ts';

const ME = userInfo().username;

describe('the address', () => {
  it('is told from a directory', () => {
    expect(isPostgresUrl('postgres://db/tlsrpt')).toBe(true);
    expect(isPostgresUrl('postgresql:///tlsrpt')).toBe(true);
    expect(isPostgresUrl('/var/lib/postgres')).toBe(false);
    expect(isPostgresUrl('postgres')).toBe(false);
  });

  it.each([
    ['postgres://db.example/tlsrpt', { host: 'db.example', port: '5432', dbname: 'tlsrpt', user: ME }],
    ['postgresql://u@db:6432/d', { host: 'db', port: '6432', dbname: 'd', user: 'u' }],
    ['postgres://u%40x:p%3A%2Fw@db/d', { user: 'u@x', password: 'p:/w' }],
    ['postgres://u:a:b@db/d', { password: 'a:b' }],
    ['postgres://[2001:db8::1]:5433/d', { host: '2001:db8::1', port: '5433' }],
    ['postgres://u@/d?host=/run/pg&port=5444', { host: '/run/pg', port: '5444', dbname: 'd', user: 'u' }],
    ['postgres://%2Frun%2Fpg/d', { host: '/run/pg' }],
    ['postgres://db', { host: 'db', dbname: ME, user: ME }],
    ['postgres://db?user=u', { user: 'u', dbname: 'u' }],
    ['postgres://db/d?options=-c%20search_path%3Dtls', { options: '-c search_path=tls' }],
    [
      'postgres://db/d?sslmode=verify-full&sslrootcert=/ca.pem',
      { sslmode: 'verify-full', sslrootcert: '/ca.pem' },
    ],
  ])('%s', (url, expected) => {
    expect(postgresAddress(url, {})).toMatchObject(expected);
  });

  it("takes from libpq's environment what the URI does not say", () => {
    const env = {
      PGHOST: 'env.example',
      PGPORT: '7000',
      PGDATABASE: 'd',
      PGUSER: 'e',
      PGPASSWORD: 'secret',
      PGSSLMODE: 'require',
      PGAPPNAME: '',
    };
    expect(postgresAddress('postgres://', env)).toEqual({
      host: 'env.example',
      port: '7000',
      dbname: 'd',
      user: 'e',
      password: 'secret',
      sslmode: 'require',
    });
    expect(postgresAddress('postgres://u@db/x?sslmode=disable', env)).toMatchObject({
      host: 'db',
      user: 'u',
      dbname: 'x',
      sslmode: 'disable',
    });
  });

  it.each([
    ['postgres://db/d?sslmod=require', /"sslmod" is no parameter of it: service, host, hostaddr, port/],
    ['postgres://a,b/d', /several hosts/],
    ['postgres://db:port/d', /"port" is no port/],
    ['postgres://db:/d%2', /percent sign/],
    ['postgres://u@v@w/d', /no connection URI/],
    ['postgres://db/d?channel_binding=require', /channel_binding=require cannot be had/],
    ['postgres://db/d?require_auth=scram-sha-256', /require_auth=scram-sha-256 cannot be had/],
    ['postgres://db/d?target_session_attrs=standby', /any, read-write, primary/],
  ])('refuses %s', (url, reason) => {
    expect(() => postgresAddress(url, {})).toThrow(reason);
    expect(() => postgresAddress(url, {})).toThrow(expect.objectContaining({ exitCode: EXIT.config }));
  });

  it('is shown without the password', () => {
    const shown = (url: string) => shownAddress(postgresAddress(url, {}));
    expect(shown('postgres://u:secret@[::1]/d')).toBe('postgres://u@[::1]:5432/d');
    expect(shown('postgres://u:secret@/d?host=/run/pg')).toBe('postgres://u@/d?host=/run/pg&port=5432');
  });
});

describe('a service', () => {
  async function served(text: string, url: string, more: NodeJS.ProcessEnv = {}) {
    const directory = await mkdtemp(join(tmpdir(), 'pgservice-'));
    try {
      await writeFile(join(directory, 'pg_service.conf'), text);
      const own = join(directory, 'own.conf');
      if (more['OWN'] !== undefined) await writeFile(own, more['OWN']);
      const env = {
        HOME: directory,
        PGSYSCONFDIR: directory,
        ...(more['OWN'] !== undefined && { PGSERVICEFILE: own }),
      };
      return postgresAddress(url, { ...env, ...more });
    } finally {
      await rm(directory, { recursive: true });
    }
  }
  const FILE =
    '# ours\n[other]\nhost=x\n\n[fleet]\r\n host=db.example \nport=6000\nuser=f\n[fleet]\nhost=second\n';

  it('stands between the URI and the environment', async () => {
    const env = { PGSERVICE: 'fleet', PGHOST: 'env', PGUSER: 'env', PGDATABASE: 'env' };
    const found = { host: 'db.example', port: '6000', user: 'f', dbname: 'env', service: 'fleet' };
    expect(await served(FILE, 'postgres://', env)).toEqual(found);
    expect(await served(FILE, 'postgres://me@/d?service=fleet')).toMatchObject({
      host: 'db.example',
      user: 'me',
      dbname: 'd',
    });
  });

  it("is the user's own before the system's", async () => {
    const own = { OWN: '[fleet]\nhost=own\n' };
    expect(await served(FILE, 'postgres:///?service=fleet', own)).toMatchObject({ host: 'own' });
    expect(await served(FILE, 'postgres:///?service=other', own)).toMatchObject({ host: 'x' });
  });

  it.each([
    ['[fleet]\nhost=x', 'none', /no connection service file defines the service "none"/],
    ['[fleet]\nldap://x', 'fleet', /no parameter of the service "fleet"/],
    ['[fleet]\nhots=x', 'fleet', /"hots" is no parameter/],
  ])('%j does not say what %s is', async (text, name, reason) => {
    await expect(served(text, `postgres:///?service=${name}`)).rejects.toThrow(reason);
    await expect(served(text, `postgres:///?service=${name}`)).rejects.toMatchObject({
      exitCode: EXIT.config,
    });
  });

  it('is missed in a file that was named and is not there', async () => {
    const env = { PGSERVICE: 'fleet', PGSERVICEFILE: '/nonexistent/service' };
    expect(() => postgresAddress('postgres://', env)).toThrow(/service file cannot be read/);
  });
});

describe('TLS', () => {
  const tls = (query: string, host = 'db') =>
    postgresTls(postgresAddress(`postgres://${host}/d?${query}`, {}));

  it("has libpq's modes", () => {
    expect(tls('sslmode=disable')).toEqual([false]);
    expect(tls('')).toMatchObject([{ rejectUnauthorized: false }, false]);
    expect(tls('sslmode=prefer')).toEqual(tls(''));
    expect(tls('sslmode=allow')).toMatchObject([false, { rejectUnauthorized: false }]);
    const only = tls('sslmode=require');
    expect(only).toHaveLength(1);
    expect(only).toMatchObject([{ rejectUnauthorized: false }]);
    const full = [{ rejectUnauthorized: true, minVersion: 'TLSv1.2' }];
    expect(tls('sslmode=verify-full')).toEqual(full);
    expect(tls('sslrootcert=system')).toEqual(full);
    expect(tls('ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=tlsv1.3')[0]).toMatchObject({
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
    });
    expect(tls('sslmode=require', '%2Frun%2Fpg')).toEqual([false]);
  });

  it.each([
    ['sslmode=yes', /one of|"yes" is no sslmode/],
    ['sslmode=verify-ca', /needs sslrootcert/],
    ['sslmode=require&sslrootcert=system', /needs sslmode=verify-full/],
    ['sslmode=verify-full&sslrootcert=/none.pem', /cannot be read: it does not exist/],
    ['ssl_min_protocol_version=SSLv3', /"SSLv3" is no ssl_min_protocol_version/],
  ])('refuses %s', (query, reason) => {
    expect(() => tls(query)).toThrow(reason);
    expect(() => tls(query)).toThrow(expect.objectContaining({ exitCode: EXIT.config }));
  });
});

describe('the password file', () => {
  async function passwordOf(text: string, url: string, mode = 0o600): Promise<string | undefined> {
    const directory = await mkdtemp(join(tmpdir(), 'pgpass-'));
    const passfile = join(directory, 'pass');
    try {
      await writeFile(passfile, text);
      await chmod(passfile, mode);
      return await passwordFromFile({ ...postgresAddress(url, {}), passfile });
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  it.each([
    ['db:5432:d:u:first\ndb:5432:d:u:second\n', 'first'],
    ['# db:5432:d:u:comment\nother:*:*:*:no\n*:*:*:u:any\r\n', 'any'],
    ['db:5432:d:u:with\\:colon\\\\and backslash', 'with:colon\\and backslash'],
    ['db:5433:d:u:port\ndb:5432:e:u:database\ndb:5432:d:v:user', undefined],
    ['db:5432:d:u', undefined],
    ['', undefined],
  ])('%j', async (text, expected) => {
    expect(await passwordOf(text, 'postgres://u@db/d')).toBe(expected);
  });

  it('knows a Unix socket as localhost', async () => {
    expect(await passwordOf('localhost:*:*:*:x', 'postgres://u@%2Frun%2Fpg/d')).toBe('x');
  });

  it('is refused when others may read it', async () => {
    await expect(passwordOf('*:*:*:*:x', 'postgres://u@db/d', 0o640)).rejects.toMatchObject({
      exitCode: EXIT.config,
      help: expect.stringContaining('chmod 600'),
    });
  });

  it('is missed only when it was named', async () => {
    const passfile = '/nonexistent/pass';
    await expect(
      passwordFromFile({ ...postgresAddress('postgres://u@db/d', {}), passfile }),
    ).rejects.toMatchObject({ exitCode: EXIT.config, where: passfile });
  });
});
