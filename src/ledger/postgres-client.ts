import type { ClientConfig } from 'pg';
import { EXIT, Problem } from '../errors.ts';
import { passwordFromFile } from './password-file.ts';
import { type PostgresAddress, shownAddress } from './postgres-address.ts';

const CONNECT_MS = 10_000;

/** What pg is told of an address; how the connection is protected is told apart. */
export function clientConfig(address: PostgresAddress): ClientConfig {
  return {
    host: address.hostaddr ?? address.host,
    port: Number(address.port),
    user: address.user,
    database: address.dbname,
    password: address.password ?? (() => demandPassword(address)),
    application_name: address.application_name ?? 'maillog-tlsrpt',
    connectionTimeoutMillis: Number(address.connect_timeout ?? 0) * 1000 || CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: CONNECT_MS,
    enableChannelBinding: address.channel_binding !== 'disable',
    ...(address.options !== undefined && { options: address.options }),
    ...(address.sslnegotiation === 'direct' && { sslnegotiation: 'direct' }),
  };
}

async function demandPassword(address: PostgresAddress): Promise<string> {
  const password = await passwordFromFile(address);
  if (password !== undefined) return password;
  throw new Problem(EXIT.config, `the database asks for the password of ${address.user}`, {
    where: shownAddress(address),
    help: 'put it into a password file (mode 600) and name that in PGPASSFILE, or as passfile= in `state:`',
  });
}
