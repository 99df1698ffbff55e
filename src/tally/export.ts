import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { addDays, type Day, dayEnd, dayOf, dayStart } from '../day.ts';
import { EXIT, Problem } from '../errors.ts';
import type { HostDay } from '../ledger/imports.ts';
import type { Ledger, Log } from '../ledger/ledger.ts';
import type { JsonObject } from '../parser.ts';
import { type CountedKey, toRow } from './rows.ts';

/** What exporting tallies needs. */
export interface ExportDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** The version of this program. */
  readonly program: string;
}

/** What was last exported of a host's day. */
interface Exported {
  readonly sequence: number;
  readonly digest: string;
}

const NOTE = 'exported';

/**
 * Gives what has changed since the last export to `write`, a host and day at a time, and remembers that it was written.
 * The last two days are given as soon as a log was read on, for the fleet waits for that news.
 * @param only this day, changed or not
 * @throws Problem (config) when this ledger looks policies up itself: its sessions would be reported twice.
 */
export async function exportDays(
  deps: ExportDeps,
  only: Day | undefined,
  write: (day: HostDay) => Promise<void>,
): Promise<void> {
  const { ledger, clock, program } = deps;
  const [logs, instance] = [await ledger.logs(), await ledger.instance()];
  const today = dayOf(clock.now());
  const recent = [addDays(today, -1), today];
  const days = new Set([...(await ledger.days()), ...recent]);
  const before = ((await ledger.note(NOTE)) ?? {}) as Record<string, JsonObject & Exported>;
  const after: Record<string, JsonObject & Exported> = {};
  for (const day of [...days].sort()) {
    const byHost = await talliesByHost(ledger, day, recent.includes(day) ? logs : []);
    for (const [host, tallies] of byHost) {
      const name = `${day} ${host}`;
      const known = before[name];
      const states = statesOf(logs, host);
      const digest = digestOf(tallies, day, recent.includes(day) ? states : []);
      const wanted = only === undefined ? known?.digest !== digest : only === day;
      const sequence = (known?.sequence ?? 0) + (wanted ? 1 : 0);
      if (wanted) {
        const sources = sourcesOf(logs, host, day);
        const exportedAt = clock.now();
        await write({ host, day, instance, sequence, program, exportedAt, sources, logs: states, tallies });
      }
      if (wanted || known !== undefined)
        after[name] = { sequence, digest: wanted ? digest : (known?.digest ?? '') };
    }
  }
  await ledger.setNote(NOTE, after);
}

/**
 * With the hosts of some logs even where they had no session. What was counted before and after an upgrade of the ledger
 * may stand there in two rows of one key, and a file with two of them would count the greater alone.
 */
async function talliesByHost(
  ledger: Ledger,
  day: Day,
  logs: readonly Log[],
): Promise<Map<string, CountedKey[]>> {
  const byHost = new Map(logs.map(({ host }) => [host, new Map<string, CountedKey>()]));
  for (const tally of await ledger.tallies({ day })) {
    if (tally.snapshot !== null || tally.revision > 0) throw reportsItself(day);
    const known = byHost.get(tally.host) ?? new Map<string, CountedKey>();
    const name = toRow({ key: tally, count: 1 }, day);
    byHost.set(
      tally.host,
      known.set(name, { key: tally, count: tally.count + (known.get(name)?.count ?? 0) }),
    );
  }
  return new Map([...byHost].map(([host, tallies]) => [host, [...tallies.values()]]));
}

function statesOf(logs: readonly Log[], host: string): HostDay['logs'] {
  return logs
    .filter((log) => log.host === host)
    .map(({ parser, name, readToEndAt, oldestOpen }) => ({
      parser,
      name,
      ...(readToEndAt !== undefined && { readToEndAt }),
      ...(oldestOpen !== undefined && { oldestOpen }),
    }));
}

/**
 * Names of the pieces of logs with lines of a day; a log that is no file is one piece. Not by their identity, which
 * changes while a file is short.
 */
function sourcesOf(logs: readonly Log[], host: string, day: Day): string[] {
  const [from, to] = [dayStart(day), dayEnd(day)];
  const names = logs
    .filter((log) => log.host === host)
    .flatMap(({ parser, name, segments }) =>
      segments.length === 0
        ? [`${parser} ${name}`]
        : segments
            .filter(({ firstTime = to, lastTime = from }) => firstTime < to && lastTime >= from)
            .map(({ firstLine, identity }) => firstLine ?? identity),
    );
  return [...new Set(names)].sort();
}

function digestOf(tallies: readonly CountedKey[], day: Day, states: HostDay['logs']): string {
  const rows = tallies.map((tally) => toRow(tally, day)).sort();
  return createHash('sha256')
    .update(JSON.stringify([states, rows]))
    .digest('base64url');
}

function reportsItself(day: Day): Problem {
  return new Problem(EXIT.config, `this ledger gives the sessions of ${day} their policies itself`, {
    help: 'they would be reported twice: a host that exports runs `run --offline`, with a state directory of its own for it',
  });
}
