import { z } from 'zod';
import { type Day, dayOf } from '../day.ts';
import { EXIT, Problem } from '../errors.ts';
import { countsOf, unpackBrought } from './brought.ts';
import type { IngestBatch } from './ingest-batch.ts';
import { note, setNote } from './notes.ts';
import { text } from './rows.ts';
import type { SqlConnection } from './sql.ts';

/** Kept as the note `left-out:HOST`: sessions that were read and not counted, for their day came by file. */
const leftOutSchema = z.object({ at: z.number(), days: z.record(z.string(), z.int()) });

/** Sessions of a host's day that it has read into the ledger itself and that were left out. */
export interface LeftOut {
  readonly host: string;
  readonly day: Day;
  readonly sessions: number;
}

const NOTE = 'left-out:';

/**
 * Leaves out of a batch the sessions of days of which the host has brought some by file: the files bring all of the
 * day, and what is read of it here are the same sessions. How many there were is noted.
 */
export async function withoutBrought(connection: SqlConnection, batch: IngestBatch): Promise<IngestBatch> {
  const [first] = batch.sessions.values();
  if (first === undefined) return batch;
  const { host } = first.key;
  // A file of the host's that is taken in at this moment must see what is read, and the other way round.
  await connection.query('UPDATE log SET version = version WHERE id = $1', [batch.logId]);
  const days = [...new Set([...batch.sessions.values()].map(({ key }) => dayOf(key.hour)))];
  const brought = await broughtDays(connection, host, days);
  if (brought.size === 0) return batch;
  const counted = [...batch.sessions].filter(([, { key }]) => !brought.has(dayOf(key.hour)));
  const left = [...batch.sessions.values()].filter(({ key }) => brought.has(dayOf(key.hour)));
  const known = leftOutSchema.safeParse(await note(connection, `${NOTE}${host}`)).data?.days ?? {};
  const sums = { ...known };
  for (const { key, count } of left) sums[dayOf(key.hour)] = (sums[dayOf(key.hour)] ?? 0) + count;
  await setNote(connection, `${NOTE}${host}`, { at: batch.ingestedAt, days: newest(sums) });
  return { ...batch, sessions: new Map(counted) };
}

const DAYS_KEPT = 40;

function newest(sums: Readonly<Record<Day, number>>): Record<Day, number> {
  return Object.fromEntries(Object.entries(sums).sort().slice(-DAYS_KEPT));
}

async function broughtDays(connection: SqlConnection, host: string, days: readonly Day[]): Promise<Set<Day>> {
  const brought = new Set<Day>();
  const named = days.map((_, index) => `$${index + 2}`).join(', ');
  const rows = await connection.query(
    `SELECT day, content FROM imported WHERE host = $1 AND day IN (${named})`,
    [host, ...days],
  );
  for (const row of rows) {
    const day = text(row, 'day');
    if (countsOf(unpackBrought(row['content'], host, day)).size > 0) brought.add(day);
  }
  return brought;
}

/** What was left out, by host and day. */
export async function leftOut(connection: SqlConnection): Promise<LeftOut[]> {
  const rows = await connection.query(
    `SELECT name, content FROM note WHERE name LIKE '${NOTE}%' ORDER BY name`,
  );
  return rows.flatMap((row) => {
    const found = leftOutSchema.safeParse(JSON.parse(text(row, 'content'))).data?.days ?? {};
    const host = text(row, 'name').slice(NOTE.length);
    return Object.entries(found).map(([day, sessions]) => ({ host, day, sessions }));
  });
}

/** What is said of a file of a day that its host has read into the ledger itself. */
export function readItself(host: string, day: Day): Problem {
  return new Problem(EXIT.data, `${host} has read sessions of ${day} into this ledger itself`, {
    help: "each would count twice: a host's day comes by one way, by file or from the host (docs/fleet.md says how it changes)",
  });
}
