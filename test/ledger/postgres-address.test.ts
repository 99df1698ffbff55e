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
    ['postgres://db/d?sslmod=require', /"sslmod" is no parameter of it: host, port/],
    ['postgres://a,b/d', /several hosts/],
    ['postgres://db:port/d', /"port" is no port/],
    ['postgres://db:/d%2', /percent sign/],
    ['postgres://u@v@w/d', /no connection URI/],
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

describe('TLS', () => {
  const tls = (query: string, host = 'db') =>
    postgresTls(postgresAddress(`postgres://${host}/d?${query}`, {}));

  it("has libpq's modes", () => {
    expect(tls('sslmode=disable')).toEqual({ tls: false, optional: false });
    expect(tls('')).toMatchObject({ tls: { rejectUnauthorized: false }, optional: true });
    expect(tls('sslmode=require')).toMatchObject({ tls: { rejectUnauthorized: false }, optional: false });
    expect(tls('sslmode=verify-full')).toEqual({ tls: { rejectUnauthorized: true }, optional: false });
    expect(tls('sslrootcert=system')).toEqual({ tls: { rejectUnauthorized: true }, optional: false });
    expect(tls('sslmode=require', '%2Frun%2Fpg')).toEqual({ tls: false, optional: false });
  });

  it.each([
    ['sslmode=yes', /one of|"yes" is no sslmode/],
    ['sslmode=verify-ca', /needs sslrootcert/],
    ['sslmode=require&sslrootcert=system', /needs sslmode=verify-full/],
    ['sslmode=verify-full&sslrootcert=/none.pem', /cannot be read: it does not exist/],
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
