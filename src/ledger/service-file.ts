import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EXIT, Problem, systemReason } from '../errors.ts';

/** Where Debian's libpq, then that of Red Hat and of its own make, keep the services of all users. */
const SYSTEM_DIRECTORIES = ['/etc/postgresql-common', '/etc/sysconfig/pgsql', '/usr/local/pgsql/etc'];

/**
 * The parameters of a named service (`PGSERVICE`, `service=`), from libpq's connection service file: the user's own,
 * else the system's (PostgreSQL manual §32.17).
 * @throws Problem (config) when no file defines it, or one cannot be read.
 */
export function serviceParameters(name: string, env: NodeJS.ProcessEnv): Map<string, string> {
  const named = env['PGSERVICEFILE'];
  const system = env['PGSYSCONFDIR'] === undefined ? SYSTEM_DIRECTORIES : [env['PGSYSCONFDIR']];
  const files = [
    named ?? join(homedir(), '.pg_service.conf'),
    ...system.map((path) => join(path, 'pg_service.conf')),
  ];
  for (const path of files) {
    if (path !== named && !existsSync(path)) continue;
    const found = serviceIn(textOf(path), name, path);
    if (found !== undefined) return found;
  }
  throw new Problem(EXIT.config, `no connection service file defines the service "${name}"`, {
    where: 'state',
    help: `[${name}], host=… and dbname=… below it, in one of: ${files.join(', ')}`,
  });
}

function serviceIn(text: string, name: string, path: string): Map<string, string> | undefined {
  let found: Map<string, string> | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      // Of two sections of one name the first counts.
      if (found !== undefined) return found;
      if (line === `[${name}]`) found = new Map();
      continue;
    }
    if (found === undefined) continue;
    const equals = line.indexOf('=');
    if (equals < 1 || line.startsWith('service='))
      throw new Problem(EXIT.config, `this is no parameter of the service "${name}"`, {
        where: `${path}:${index + 1}`,
        help: 'a name, "=" and a value a line, such as host=db.example; services by LDAP or of services are not known',
      });
    found.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return found;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Problem(EXIT.config, `the connection service file cannot be read: ${systemReason(cause)}`, {
      where: path,
      cause,
    });
  }
}
