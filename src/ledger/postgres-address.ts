import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { EXIT, Problem } from '../errors.ts';
import { serviceParameters } from './service-file.ts';

/** Where libpq of Debian, Red Hat and of its own make looks for the server's Unix socket. */
const SOCKET_DIRECTORIES = ['/var/run/postgresql', '/tmp'];

/** The parameters of a connection URI that are understood, and libpq's variable for each (PostgreSQL manual §32.1.2, §32.15). */
const PARAMETERS = {
  service: 'PGSERVICE',
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslcrl: 'PGSSLCRL',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
  sslnegotiation: 'PGSSLNEGOTIATION',
  channel_binding: 'PGCHANNELBINDING',
  gssencmode: 'PGGSSENCMODE',
  require_auth: 'PGREQUIREAUTH',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  application_name: 'PGAPPNAME',
  options: 'PGOPTIONS',
} as const;

type Parameter = keyof typeof PARAMETERS;

/** A database's address: what the URI says, else libpq's environment, else libpq's defaults. */
export interface PostgresAddress extends Readonly<Partial<Record<Parameter, string>>> {
  readonly host: string;
  readonly port: string;
  readonly dbname: string;
  readonly user: string;
}

/** Whether `state:` names a PostgreSQL database and no directory. */
export function isPostgresUrl(state: string): boolean {
  return /^postgres(ql)?:\/\//.test(state);
}

/** The address for messages: no password. */
export function shownAddress({ user, host, port, dbname }: PostgresAddress): string {
  return host.startsWith('/')
    ? `postgres://${user}@/${dbname}?host=${host}&port=${port}`
    : `postgres://${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${dbname}`;
}

/**
 * Reads a connection URI (PostgreSQL manual §32.1.1.2) the way libpq does.
 * @throws Problem (config) when it is none, or has a parameter that is not understood.
 */
export function postgresAddress(url: string, env: NodeJS.ProcessEnv): PostgresAddress {
  const said = parametersOf(url);
  const service = said.get('service') ?? env['PGSERVICE'] ?? '';
  const served = service === '' ? new Map<string, string>() : serviceParameters(service, env);
  for (const name of served.keys()) demandKnown(name);
  const found: Partial<Record<Parameter, string>> = {};
  for (const [name, variable] of Object.entries(PARAMETERS)) {
    const value = said.get(name) ?? served.get(name) ?? env[variable];
    if (value !== undefined && value !== '') found[name as Parameter] = value;
  }
  demandPossible(found);
  const port = found.port ?? '5432';
  if (!/^\d{1,5}$/.test(port)) throw refused(`"${port}" is no port`);
  const user = found.user ?? userInfo().username;
  const host = found.host ?? found.hostaddr ?? defaultHost(port);
  if (host.includes(','))
    throw refused('it names several hosts: name one, or the address that moves with the server');
  return { ...found, host, port, user, dbname: found.dbname ?? user };
}

const SHAPE =
  /^postgres(?:ql)?:\/\/(?:([^@/?]*)@)?(\[[^\]]*\]|[^@:/?]*)(?::([^/?]*))?(?:\/([^?]*))?(?:\?(.*))?$/;

function parametersOf(url: string): Map<string, string> {
  const match = SHAPE.exec(url);
  if (match === null) throw refused('it is no connection URI');
  const [, account = '', host = '', port = '', dbname = '', query = ''] = match;
  const colon = account.indexOf(':');
  const parameters = new Map<string, string>([
    ['user', decoded(colon < 0 ? account : account.slice(0, colon))],
    ['password', decoded(colon < 0 ? '' : account.slice(colon + 1))],
    ['host', decoded(host.replace(/^\[(.*)\]$/, '$1'))],
    ['port', decoded(port)],
    ['dbname', decoded(dbname)],
  ]);
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const equals = pair.indexOf('=');
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
    demandKnown(name);
    parameters.set(name, decoded(equals < 0 ? '' : pair.slice(equals + 1)));
  }
  for (const [name, value] of parameters) if (value === '') parameters.delete(name);
  return parameters;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused('a percent sign in it begins no %XX');
  }
}

/** What asks for more than we can do is refused: a connection that is less safe than it says must not be made. */
const POSSIBLE: Readonly<Partial<Record<Parameter, readonly string[]>>> = {
  channel_binding: ['disable', 'prefer'],
  gssencmode: ['disable', 'prefer'],
  require_auth: [],
  // All of ours write, and a server that cannot be written is tried again.
  target_session_attrs: ['any', 'read-write', 'primary'],
};

function demandPossible(found: Partial<Record<Parameter, string>>): void {
  for (const [name, values] of Object.entries(POSSIBLE)) {
    const value = found[name as Parameter];
    if (value !== undefined && !values.includes(value))
      throw refused(
        `${name}=${value} cannot be had${values.length === 0 ? '' : `: ${values.join(', ')}`}; sslmode=verify-full proves the server`,
      );
  }
}

function demandKnown(name: string): void {
  if (!Object.hasOwn(PARAMETERS, name))
    throw refused(`"${name}" is no parameter of it: ${Object.keys(PARAMETERS).join(', ')}`);
}

/** As libpq: the local server's socket, where there is one. */
function defaultHost(port: string): string {
  const directory = SOCKET_DIRECTORIES.find((path) => existsSync(join(path, `.s.PGSQL.${port}`)));
  return directory ?? 'localhost';
}

function refused(reason: string): Problem {
  return new Problem(EXIT.config, `the database's address cannot be used: ${reason}`, {
    where: 'state',
    help: 'postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full, or postgres:///DATABASE for the local server',
  });
}
