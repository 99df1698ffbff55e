import { LEASE_TIMES, takeLease } from './leading.ts';
import { type Hold, type Reader, readerFrom, readerText } from './reader.ts';
import { text } from './rows.ts';
import type { SqlConnection } from './sql.ts';

/**
 * The right to read a host's logs into a shared ledger: a lease, for a lock would need a connection of its own. That of
 * a process of this machine that has died is taken over at once, any other one when it has run out.
 */
export async function holdByLease(connection: SqlConnection, reader: Reader): Promise<Hold> {
  const name = `reading ${reader.host}`;
  const holder = readerText(reader);
  for (let dead: string | undefined; ; ) {
    const lease = await takeLease(connection, LEASE_TIMES, {
      name,
      holder,
      ...(dead !== undefined && { dead }),
    });
    if (lease !== undefined) return lease;
    const [row] = await connection.query('SELECT holder FROM lease WHERE name = $1', [name]);
    const other = row === undefined ? undefined : text(row, 'holder');
    if (other !== undefined && (other === dead || isAlive(readerFrom(other))))
      return { holder: readerFrom(other) };
    dead = other;
  }
}

function isAlive({ pid }: Reader): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
