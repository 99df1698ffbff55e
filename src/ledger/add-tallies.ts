import { dayStart } from '../day.ts';
import { number, text, toTallyKey } from './rows.ts';
import type { GroupTarget, RowGroup, SqlConnection, SqlRow } from './sql.ts';
import {
  KIND_COLUMNS,
  kindDigest,
  kindValues,
  type TallyKind,
  type TallyPart,
  tallyKinds,
  tallyName,
} from './tally-kinds.ts';

const TALLY: GroupTarget = {
  table: 'tally',
  own: { hour: 'BIGINT', tally_key: 'TEXT', sessions: 'BIGINT', ingested_at: 'BIGINT', last_hour: 'BIGINT' },
  shared: {
    day: 'TEXT',
    snapshot: 'TEXT',
    revision: 'BIGINT',
    ...Object.fromEntries(KIND_COLUMNS.map((name) => [name, name === 'own' ? 'BIGINT' : 'TEXT'] as const)),
  },
  onConflict: `ON CONFLICT (day, domain, tally_key, snapshot, revision) DO UPDATE SET
    sessions = tally.sessions + excluded.sessions,
    ingested_at = CASE WHEN excluded.ingested_at > tally.ingested_at THEN excluded.ingested_at ELSE tally.ingested_at END,
    last_hour = CASE WHEN excluded.last_hour > tally.last_hour THEN excluded.last_hour ELSE tally.last_hour END`,
};

/** A kind of tallies, and what it is sorted and named by. */
interface Named {
  readonly kind: TallyKind;
  readonly place: string;
  readonly digest: string;
}

/** Adds sessions to their tallies; those of the same key, snapshot and revision become one. */
export function addTallies(connection: SqlConnection, parts: Iterable<TallyPart>): Promise<void> {
  return addKinds(connection, tallyKinds(parts));
}

/** The same for what is sorted by kinds already. */
export async function addKinds(connection: SqlConnection, kinds: readonly TallyKind[]): Promise<void> {
  const named = kinds.map((kind): Named => {
    const digest = kindDigest(kindValues(kind.key));
    const place = `${kind.day} ${kind.key.recipientDomain} ${digest} ${kind.snapshot} ${kind.revision}`;
    return { kind, place, digest };
  });
  // In one order, so that two writers of one host's tallies wait for each other instead of blocking each other; and in
  // that of the index, so that a page of it is touched once.
  named.sort((a, b) => (a.place < b.place ? -1 : 1));
  await connection.insertGroups(TALLY, () => groupsOf(named));
}

/** Made one at a time, for there are ten thousands of rows. */
function* groupsOf(named: readonly Named[]): Generator<RowGroup> {
  for (const { kind, digest } of named) {
    const { key, day, snapshot, revision } = kind;
    const begun = dayStart(day);
    const own = kind.hours
      .sort((a, b) => a.hour - b.hour)
      .map(({ hour, sessions, ingestedAt, lastHour }) => [
        hour,
        tallyName(digest, hour - begun),
        sessions,
        ingestedAt,
        lastHour,
      ]);
    yield { own, shared: [day, snapshot, revision, ...kindValues(key)] };
  }
}

/** A tally's row as a part of the day's tally under a snapshot: with the policies known, the hour is of no use any more. */
export function foldedPart(row: SqlRow, snapshot: string): TallyPart {
  const key = toTallyKey(row);
  return { ...partOf(row), key: { ...key, hour: dayStart(text(row, 'day')) }, snapshot };
}

/** A tally's row, to be added again. */
export function partOf(row: SqlRow): TallyPart {
  return {
    key: toTallyKey(row),
    count: number(row, 'sessions'),
    ingestedAt: number(row, 'ingested_at'),
    lastHour: number(row, 'last_hour'),
    snapshot: text(row, 'snapshot'),
    revision: number(row, 'revision'),
  };
}
