import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import { EXIT, Problem, systemReason } from '../errors.ts';
import type { PostgresAddress } from './postgres-address.ts';

/** A way to connect: by TLS, or in clear. */
type PostgresTls = ConnectionOptions | false;

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/**
 * The ways to connect that `sslmode` and its companions allow, the preferred one first, with libpq's meaning
 * (PostgreSQL manual §32.19). A difference: `verify-full` without `sslrootcert` trusts the authorities that Node trusts.
 * @throws Problem (config) on an unknown mode, or a file that cannot be read.
 */
export function postgresTls(address: PostgresAddress): readonly PostgresTls[] {
  const system = address.sslrootcert === 'system';
  const mode = address.sslmode ?? (system ? 'verify-full' : 'prefer');
  if (!MODES.includes(mode)) throw wrong(`"${mode}" is no sslmode`, `one of ${MODES.join(', ')}`);
  if (system && mode !== 'verify-full')
    throw wrong('sslrootcert=system needs sslmode=verify-full', 'else any host with a certificate would do');
  if (mode === 'disable' || address.host.startsWith('/')) return [false];
  const ca = system ? undefined : fileOf(address.sslrootcert, 'root.crt');
  if (mode === 'verify-ca' && ca === undefined)
    throw wrong('sslmode=verify-ca needs sslrootcert', 'name the file of the authority, or use verify-full');
  // With an authority at hand `require` checks as verify-ca does: libpq's rule.
  const checked = mode.startsWith('verify-') || (mode === 'require' && ca !== undefined);
  const crl = fileOf(address.sslcrl, 'root.crl');
  const cert = fileOf(address.sslcert, 'postgresql.crt');
  const key = cert === undefined ? undefined : fileOf(address.sslkey, 'postgresql.key');
  const tls: ConnectionOptions = {
    rejectUnauthorized: checked,
    ...(checked && mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    ...(ca !== undefined && { ca }),
    ...(crl !== undefined && { crl }),
    ...versions(address),
    // With hostaddr it is the name that the certificate must have.
    ...(address.hostaddr !== undefined && isIP(address.host) === 0 && { servername: address.host }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  if (mode === 'allow') return [false, tls];
  return mode === 'prefer' ? [tls, false] : [tls];
}

const VERSIONS: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

function versions(address: PostgresAddress): ConnectionOptions {
  const version = (name: 'ssl_min_protocol_version' | 'ssl_max_protocol_version') => {
    const said = address[name];
    const known = VERSIONS.find((one) => one.toLowerCase() === said?.toLowerCase());
    if (said !== undefined && known === undefined)
      throw wrong(`"${said}" is no ${name}`, `one of ${VERSIONS.join(', ')}`);
    return known;
  };
  const maxVersion = version('ssl_max_protocol_version');
  return {
    minVersion: version('ssl_min_protocol_version') ?? 'TLSv1.2',
    ...(maxVersion !== undefined && { maxVersion }),
  };
}

/** The text of a file that was named, or of libpq's default one if that exists. */
function fileOf(named: string | undefined, standard: string): string | undefined {
  const path = named ?? join(homedir(), '.postgresql', standard);
  if (named === undefined && !existsSync(path)) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Problem(EXIT.config, `a file for TLS to the database cannot be read: ${systemReason(error)}`, {
      where: path,
      cause: error,
    });
  }
}

function wrong(what: string, help: string): Problem {
  return new Problem(EXIT.config, `TLS to the database: ${what}`, { where: 'state', help });
}
