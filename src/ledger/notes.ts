import { randomBytes } from 'node:crypto';
import type { JsonValue } from '../parser.ts';
import { text } from './rows.ts';
import type { SqlConnection } from './sql.ts';

/** A small named value; undefined where there is none. */
export async function note(connection: SqlConnection, name: string): Promise<JsonValue | undefined> {
  const [row] = await connection.query('SELECT content FROM note WHERE name = $1', [name]);
  return row === undefined ? undefined : (JSON.parse(text(row, 'content')) as JsonValue);
}

/** Writes a note, over the former one if there is one. */
export async function setNote(connection: SqlConnection, name: string, value: JsonValue): Promise<void> {
  await connection.query(
    'INSERT INTO note (name, content) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET content = excluded.content',
    [name, JSON.stringify(value)],
  );
}

/** Puts a value in the place of the one that was seen; false if another stands there by now. */
export async function exchangeNote(
  connection: SqlConnection,
  name: string,
  seen: JsonValue | undefined,
  value: JsonValue,
): Promise<boolean> {
  const rows =
    seen === undefined
      ? await connection.query(
          'INSERT INTO note (name, content) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING RETURNING name',
          [name, JSON.stringify(value)],
        )
      : await connection.query(
          'UPDATE note SET content = $2 WHERE name = $1 AND content = $3 RETURNING name',
          [name, JSON.stringify(value), JSON.stringify(seen)],
        );
  return rows.length > 0;
}

/** The ledger's own name: made at random when it is first asked for, and kept. */
export async function instance(connection: SqlConnection): Promise<string> {
  const made = newInstance();
  await connection.query(
    "INSERT INTO meta (name, content) VALUES ('instance', $1) ON CONFLICT (name) DO NOTHING",
    [made],
  );
  return (await knownInstance(connection)) ?? made;
}

/** The ledger's own name, if it was asked for before. */
export async function knownInstance(connection: SqlConnection): Promise<string | undefined> {
  const [row] = await connection.query("SELECT content FROM meta WHERE name = 'instance'");
  return row === undefined ? undefined : text(row, 'content');
}

/** A name for a ledger that has none yet. */
export function newInstance(): string {
  return randomBytes(5).toString('hex');
}
