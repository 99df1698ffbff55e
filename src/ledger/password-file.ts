import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EXIT, Problem, systemReason } from '../errors.ts';
import type { PostgresAddress } from './postgres-address.ts';

/**
 * The password for an address from libpq's password file, `host:port:database:user:password` a line
 * (PostgreSQL manual §32.16); undefined when no line fits or the default file does not exist.
 * @throws Problem (config) when others may read the file, or a file that was named cannot be read.
 */
export async function passwordFromFile(address: PostgresAddress): Promise<string | undefined> {
  const path = address.passfile ?? join(homedir(), '.pgpass');
  const text = await privateText(path, address.passfile !== undefined);
  for (const line of text.split(/\r?\n/)) {
    const fields = LINE.exec(line)
      ?.slice(1)
      .map((field) => field.replace(/\\(.)/g, '$1'));
    if (fields === undefined || line.startsWith('#')) continue;
    const [host, port, database, user, password] = fields;
    const sameServer = hostFits(host, address.host) && fits(port, address.port);
    if (sameServer && fits(database, address.dbname) && fits(user, address.user)) return password;
  }
  return undefined;
}

/** A backslash makes the colon or backslash after it a plain one. */
const FIELD = '((?:\\\\.|[^:\\\\])*)';
const LINE = new RegExp(`^${FIELD}:${FIELD}:${FIELD}:${FIELD}:(.+)$`);

function fits(pattern: string | undefined, value: string): boolean {
  return pattern === '*' || pattern === value;
}

/** For a Unix socket libpq looks for `localhost` as well. */
function hostFits(pattern: string | undefined, host: string): boolean {
  return fits(pattern, host) || (host.startsWith('/') && pattern === 'localhost');
}

async function privateText(path: string, named: boolean): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { mode } = await file.stat();
      if ((mode & 0o077) !== 0) {
        throw new Problem(EXIT.config, 'the password file may be read by others', {
          where: path,
          help: `chmod 600 ${path}`,
        });
      }
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (!named && (error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new Problem(EXIT.config, `the password file cannot be read: ${systemReason(error)}`, {
      where: path,
      cause: error,
    });
  }
}
