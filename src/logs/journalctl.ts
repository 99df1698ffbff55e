import { spawn } from 'node:child_process';
import { EXIT, Problem } from '../errors.ts';
import { type ChildEnd, endOf, isNotInstalled } from './child-end.ts';
import { type JournalSelection, journalArguments } from './journal-name.ts';

export { type JournalSelection, journalName } from './journal-name.ts';

const NEWLINE = 10;
/** What entries are made of; journalctl adds cursor and times to them. */
const FIELDS = 'MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_COMM,_PID,_HOSTNAME,CONTAINER_ID';

/** The place of an entry. */
export interface JournalMark {
  /** journald's own name of it. */
  readonly cursor: string;
  /** UTC µs. */
  readonly time: number;
}

/** Where to begin: at an entry, itself included, or at a time (UTC µs), that included; at the journal's when absent. */
export type JournalStart = { readonly cursor: string } | { readonly since: number } | undefined;

/** The journal does not know a cursor, or takes it for none. */
export class LostCursor extends Error {}

/**
 * The entries of a journal as JSON, in pieces of whole lines.
 * @throws Problem (data, unavailable); LostCursor
 */
export async function* journalEntries(
  selection: JournalSelection,
  start: JournalStart,
): AsyncGenerator<Buffer, void> {
  const child = spawn('journalctl', [...argumentsOf(start), ...journalArguments(selection)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  const over = endOf(child);
  over.catch(() => {});
  try {
    yield* wholeLines(child.stdout);
    explain(await over);
  } catch (error) {
    throw isNotInstalled(error) ? missing(error) : error;
  } finally {
    child.kill();
    await over.catch(() => {});
  }
}

/** The place of the last entry in a piece of whole lines; undefined when it is none of journald's. */
export function lastMark(lines: Buffer): JournalMark | undefined {
  const end = lines.at(-1) === NEWLINE ? lines.length - 1 : lines.length;
  return markOf(lines.toString('utf8', lines.lastIndexOf(NEWLINE, end - 1) + 1, end));
}

/** The place of an entry. */
export function markOf(line: string): JournalMark | undefined {
  try {
    const { __CURSOR: cursor, __REALTIME_TIMESTAMP: time } = JSON.parse(line) as Record<string, unknown>;
    return typeof cursor === 'string' && Number(time) > 0 ? { cursor, time: Number(time) } : undefined;
  } catch {
    return undefined;
  }
}

function argumentsOf(start: JournalStart): string[] {
  const from =
    start === undefined
      ? []
      : 'cursor' in start
        ? [`--cursor=${start.cursor}`]
        : [
            `--since=@${Math.floor(start.since / 1_000_000)}.${String(start.since % 1_000_000).padStart(6, '0')}`,
          ];
  return ['--output=json', '--all', `--output-fields=${FIELDS}`, ...from];
}

/** What an ended program says that is wrong. */
function explain({ code, complaint }: ChildEnd): void {
  if (/seek to cursor/i.test(complaint)) throw new LostCursor(complaint);
  const barred = /not seeing messages|insufficient permissions|Permission denied/i.test(complaint);
  if (code === 0 && !barred) return;
  const words = complaint.trim().split('\n').at(-1) ?? '';
  throw new Problem(
    EXIT.data,
    barred ? 'this user may not read the journal' : `journalctl failed: ${words}`,
    {
      where: 'journal',
      help: barred ? 'add the user to the group systemd-journal' : 'see journalctl(1)',
    },
  );
}

async function* wholeLines(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let rest: Buffer[] = [];
  for await (const piece of source) {
    const end = piece.lastIndexOf(NEWLINE) + 1;
    if (end > 0)
      yield rest.length === 0 ? piece.subarray(0, end) : Buffer.concat([...rest, piece.subarray(0, end)]);
    rest = end > 0 ? [] : rest;
    if (end < piece.length) rest.push(piece.subarray(end));
  }
}

function missing(cause: unknown): Problem {
  return new Problem(EXIT.unavailable, 'to read the journal, the program journalctl is needed', {
    where: 'journal',
    help: 'this machine has no systemd: name a log file with `path:`',
    cause,
  });
}
